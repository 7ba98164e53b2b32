choices = {
    "sessions": "dict",
    "countries": "dict",
    "orders": "relational",
    "photos": "object store",
    "clicks": "log",
    "api-limit": "dict",
    "notes": "relational",
    "leaderboard": "dict",
}
