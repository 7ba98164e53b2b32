def submit(r, board, player, score):
    """Keep `score` if it is the best of `player` so far; return whether the board was changed."""
    best = r.zscore(board, player) or 0
    if score > best:
        r.zadd(board, {player: score})
        return True
    return False
