def submit(r, board, player, score):
    """Keep `score` if it is the best of `player` so far; return whether the board was changed."""
    best = r.zscore(board, player)
    if best is not None and score <= best:
        return False
    with r.pipeline(transaction=True) as pipe:
        pipe.zadd(board, {player: score})
        pipe.execute()
    return True
