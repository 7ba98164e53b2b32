choices = {
    "sessions": "redis",
    "countries": "redis",
    "orders": "relational",
    "photos": "object store",
    "clicks": "log",
    "api-limit": "redis",
    "notes": "relational",
    "leaderboard": "redis",
}
