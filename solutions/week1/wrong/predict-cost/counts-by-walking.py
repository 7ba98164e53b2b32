grows_with = {
    "GET word": "constant",
    "LRANGE jobs 0 -1": "elements",
    "LRANGE jobs 0 9": "constant",
    "SCARD online": "elements",
    "HGETALL user": "elements",
    "KEYS nobody:*": "keys",
    "DBSIZE": "keys",
    "DEL online": "elements",
    "UNLINK gone": "constant",
}
