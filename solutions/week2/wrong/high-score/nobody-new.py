def submit(r, board, player, score):
    """Keep `score` if it is the best of `player` so far; return whether the board was changed."""
    return r.zadd(board, {player: score}, xx=True, gt=True, ch=True) == 1
