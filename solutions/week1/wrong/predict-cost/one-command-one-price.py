grows_with = {
    "GET word": "constant",
    "LRANGE jobs 0 -1": "constant",
    "LRANGE jobs 0 9": "constant",
    "SCARD online": "constant",
    "HGETALL user": "constant",
    "KEYS nobody:*": "keys",
    "DBSIZE": "constant",
    "DEL online": "elements",
    "UNLINK gone": "constant",
}
