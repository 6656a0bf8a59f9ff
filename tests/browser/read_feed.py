"""Reads the feed at an address as feedparser does; prints what it found as JSON. `readers.test.mjs` runs it."""
import json
import sys

import feedparser

feed = feedparser.parse(sys.argv[1], etag=sys.argv[2] if len(sys.argv) > 2 else None)
print(json.dumps({
    "bozo": int(feed.bozo),
    "error": str(feed.get("bozo_exception", "")),
    "version": feed.version,
    "status": feed.get("status"),
    "etag": feed.get("etag"),
    "title": feed.feed.get("title"),
    "dated": bool(feed.feed.get("updated_parsed")),
    "entries": [
        {"id": e.get("id"), "title": e.get("title"), "link": e.get("link"), "text": e.content[0].value, "dated": bool(e.get("updated_parsed"))}
        for e in feed.entries
    ],
}))
