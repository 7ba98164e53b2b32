grows_with = {
    "GET word": "constant",
    "LRANGE jobs 0 -1": "elements",
    "LRANGE jobs 0 9": "constant",
    "SCARD online": "constant",
    "HGETALL user": "elements",
    "KEYS nobody:*": "keys",
    "DBSIZE": "constant",
    "DEL online": "constant",
    "UNLINK gone": "constant",
}
