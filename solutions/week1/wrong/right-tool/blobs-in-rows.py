choices = {
    "sessions": "redis",
    "countries": "dict",
    "orders": "relational",
    "photos": "relational",
    "clicks": "log",
    "api-limit": "redis",
    "notes": "relational",
    "leaderboard": "redis",
}
