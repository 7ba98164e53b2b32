set_predictions = {
    "SADD a x y x": 2,
    "SADD b x y; SADD b y z": 1,
    "SADD c 7 07 7; SCARD c": 2,
    "SCARD nobody": 0,
    "SMEMBERS nobody": set(),
    "SADD d x; SMISMEMBER d y x": [0, 1],
    "SADD e x; SREM e x; EXISTS e": 0,
    "SADD f x; EXPIRE f 100; SREM f x; SADD f y; TTL f": -1,
    "SADD g 1 2 3; SADD h 2 3 4; SDIFF g h": {"1"},
    "SADD i 1 2 3; SADD j 2 3; SDIFF j i": set(),
    "SADD k 1 2; SINTER k nobody": set(),
    "SADD l 1 2; SADD m 2 3; SUNIONSTORE n l m": 3,
    "SET o x; SADD p 1; SINTERSTORE o p nobody; EXISTS o": 0,
    "SPOP nobody": None,
}
how_many = {
    "SADD a x y z; SRANDMEMBER a 2": 2,
    "SADD b x y z; SRANDMEMBER b 5": 3,
    "SADD c x y z; SRANDMEMBER c -5": 5,
    "SADD d x y z; SPOP d 5": 3,
    "SADD e x y z; SPOP e 2; SMEMBERS e": 3,
    "SADD f x y z; SRANDMEMBER f 2; SMEMBERS f": 3,
}
