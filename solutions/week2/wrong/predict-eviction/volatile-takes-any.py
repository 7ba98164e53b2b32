eviction_predictions = {
    "noeviction, no expiry: SET new x": "error",
    "noeviction, no expiry: GET key:1": "works",
    "noeviction, no expiry: DEL key:1": "works",
    "noeviction, no expiry: INCR n": "error",
    "noeviction, all expire: SET new x": "error",
    "allkeys-lru, no expiry: SET new x": "evicts",
    "allkeys-lfu, all expire: SET new x": "evicts",
    "volatile-lru, all expire: SET new x": "evicts",
    "volatile-lru, no expiry: SET new x": "evicts",
    "noeviction, no expiry: EXPIRE key:1 60": "works",
}
