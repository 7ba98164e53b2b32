choices = {
    "sessions": "redis",
    "countries": "dict",
    "orders": "redis",
    "photos": "object store",
    "clicks": "log",
    "api-limit": "redis",
    "notes": "relational",
    "leaderboard": "redis",
}
