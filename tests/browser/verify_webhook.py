"""Verifies a webhook as standardwebhooks does; prints its payload as JSON, or null. `readers.test.mjs` runs it."""
import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

message = json.load(sys.stdin)
try:
    payload = Webhook(message["secret"]).verify(message["body"], message["headers"])
except WebhookVerificationError:
    payload = None
print(json.dumps(payload))
