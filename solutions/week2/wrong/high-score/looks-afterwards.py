def submit(r, board, player, score):
    """Keep `score` if it is the best of `player` so far; return whether the board was changed."""
    r.zadd(board, {player: score}, gt=True)
    return r.zscore(board, player) == score
