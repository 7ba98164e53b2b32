choices = {
    "sessions": "redis",
    "countries": "dict",
    "orders": "relational",
    "photos": "redis",
    "clicks": "log",
    "api-limit": "redis",
    "notes": "relational",
    "leaderboard": "redis",
}
