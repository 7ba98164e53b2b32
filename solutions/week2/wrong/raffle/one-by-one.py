def enter(r, name, person):
    return r.sadd(f"raffle:{name}", person) == 1


def draw(r, name, n):
    winners = []
    while len(winners) < n:
        winner = r.spop(f"raffle:{name}")
        if winner is None:
            break
        winners.append(winner)
    return winners


def preview(r, name, n):
    return r.srandmember(f"raffle:{name}", n)
