choices = {
    "sessions": "relational",
    "countries": "dict",
    "orders": "relational",
    "photos": "object store",
    "clicks": "log",
    "api-limit": "relational",
    "notes": "relational",
    "leaderboard": "relational",
}
