"""Sorted sets: scores, ranks, ranges and pops."""

from __future__ import annotations

from grader.checks.soak.work import Step, Work, half, step

_MEMBERS = 200  # so many that Redis keeps a full one in another form


class SortedSets(Work):
    """What is known of a key is the score of each member, in halves so that sums are exact."""

    family = "sorted-sets"

    def _start(self) -> None:
        self._boards: dict[bytes, dict[bytes, int]] = {key: {} for key in self._keys}

    def _some(self) -> tuple[bytes, dict[bytes, int]]:
        key = self._key()
        return key, self._boards[key]

    def _halves(self) -> int:
        return self._chance.randrange(-100, 400)

    def _order(self, board: dict[bytes, int]) -> list[bytes]:
        return sorted(board, key=lambda member: (board[member], member))

    def add(self) -> list[Step]:
        key, board = self._some()
        pairs = {word: self._halves() for word in self._words(_MEMBERS)}
        new = len(pairs.keys() - board.keys())
        board.update(pairs)
        return [step("ZADD", key, *(part for word, n in pairs.items() for part in (half(n), word)), gives=new)]

    def add_if(self) -> list[Step]:
        key, board = self._some()
        word, halves = self._met(board, _MEMBERS), self._halves()
        old = board.get(word)
        option = self._chance.choice(("NX", "XX", "GT", "LT"))
        if old is None:
            takes = option != "XX"
        else:
            takes = {"NX": False, "XX": True, "GT": halves > old, "LT": halves < old}[option]
        if takes:
            board[word] = halves
        return [step("ZADD", key, option, "CH", half(halves), word, gives=int(takes and old != halves))]

    def increase(self) -> list[Step]:
        key, board = self._some()
        word = self._met(board, _MEMBERS)
        board[word] = board.get(word, 0) + 1
        return [step("ZINCRBY", key, "0.5", word, gives=half(board[word]))]

    def score(self) -> list[Step]:
        key, board = self._some()
        words = self._words(_MEMBERS)
        scores = [half(board[word]) if word in board else None for word in words]
        return [step("ZSCORE", key, words[0], gives=scores[0]), step("ZMSCORE", key, *words, gives=scores)]

    def rank(self) -> list[Step]:
        key, board = self._some()
        word = self._met(board, _MEMBERS)
        if word not in board:
            return [step("ZRANK", key, word, gives=None)]
        rank = self._order(board).index(word)
        return [step("ZRANK", key, word, gives=rank), step("ZREVRANK", key, word, gives=len(board) - 1 - rank)]

    def range(self) -> list[Step]:
        key, board = self._some()
        first, count = self._chance.randrange(10), self._chance.randrange(1, 60)
        order = self._order(board)
        if self._flip():
            return [step("ZRANGE", key, first, first + count - 1, gives=order[first : first + count])]
        return [step("ZREVRANGE", key, first, first + count - 1, gives=order[::-1][first : first + count])]

    def by_score(self) -> list[Step]:
        key, board = self._some()
        low = self._halves()
        high = low + 100
        within = [member for member in self._order(board) if low <= board[member] < high]
        least, most = half(low), b"(" + half(high)
        return [
            step("ZCOUNT", key, least, most, gives=len(within)),
            step("ZRANGE", key, least, most, "BYSCORE", "LIMIT", 1, 5, gives=within[1:6]),
            step("ZRANGEBYSCORE", key, least, most, gives=within),
        ]

    def remove(self) -> list[Step]:
        key, board = self._some()
        words = self._words(_MEMBERS)
        gone = sum(board.pop(word, None) is not None for word in words)
        return [step("ZREM", key, *words, gives=gone)]

    def remove_range(self) -> list[Step]:
        key, board = self._some()
        gone = self._order(board)[2:6]
        for member in gone:
            del board[member]
        return [step("ZREMRANGEBYRANK", key, 2, 5, gives=len(gone)), step("ZCARD", key, gives=len(board))]

    def pop(self) -> list[Step]:
        key, board = self._some()
        lowest = self._flip()
        order = self._order(board)
        if not order:
            return self.add()
        member = order[0 if lowest else -1]
        return [step("ZPOPMIN" if lowest else "ZPOPMAX", key, gives=[member, half(board.pop(member))])]

    def store(self) -> list[Step]:
        target = self._key()
        one, two = self._two_keys()
        left, right = self._boards[one], self._boards[two]
        both = {member: left[member] + right[member] for member in left.keys() & right.keys()}
        # Sums of sums would grow beyond what is exact.
        self._boards[target] = {member: halves for member, halves in both.items() if abs(halves) < 10_000}
        dropped = [member for member in both if member not in self._boards[target]]
        steps = [step("ZINTERSTORE", target, 2, one, two, gives=len(both))]
        return [*steps, step("ZREM", target, *dropped, gives=len(dropped))] if dropped else steps
