def submit(r, board, player, score):
    """Keep `score` if it is the best of `player` so far; return whether the board was changed."""
    best = r.zscore(board, player)
    if best is None or score >= best:
        r.zadd(board, {player: score}, gt=True)
        return True
    return False
