wishes = {
    "look": "RPOP jobs",
    "take": "RPOP jobs 2",
    "leave": "LREM line -1 bob",
    "let in": "LINSERT line AFTER dan cleo",
    "correct": "LSET names -1 Zora",
    "keep": "LTRIM log 0 2",
    "turn": "LMOVE players players LEFT RIGHT",
    "find": "LPOS line bob",
    "notify": "LPUSHX listeners ping",
}
