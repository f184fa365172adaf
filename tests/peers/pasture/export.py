#!/usr/bin/env python3
"""Prints every sample of the package fediverse-pasture-inputs as one JSON line, ready to be signed and delivered.

    {"name": "in_reply_to/3", "title": "Variations of inReplyTo", "group": "Object Properties",
     "example": {...what the sample sets...}, "activity": {"type": "Create", ...}}

The package's own code builds the activities; only addresses and times are changed afterwards: the sender becomes
--actor, everything the sender owns gets an id below it, the recipient becomes --recipient, and the host of the
samples' pictures and notes becomes --assets. Same options, same output, but for --published (default: now).
"""
import argparse
import asyncio
import datetime
import json
import logging

from bovine.testing import actor as package_actor
from fediverse_pasture_inputs import available
from fediverse_pasture_inputs.tool.transformer import ExampleTransformer

RECIPIENT = "http://remote.example/"     # the address that the package's builder sends to
ASSETS = "http://pasture-one-actor"      # the host that the samples name for pictures and notes


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--actor", default="https://pasture.example/users/sample")
    options.add_argument("--recipient", default="https://acme.example/g/engineering")
    options.add_argument("--assets", default="https://pasture.example")
    options.add_argument("--published", default=datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"))
    options.add_argument("--only", help="one family of samples, as in in_reply_to")
    options = options.parse_args()
    logging.disable(logging.CRITICAL)
    sender = package_actor["id"]
    transformer = ExampleTransformer()

    for family in sorted(available):
        if options.only not in (None, family):
            continue
        data = available[family]
        for number, example in enumerate(data.examples):
            activity = asyncio.run(transformer.create_activity(example))
            example_text = json.dumps(example)
            ids = {}

            def text(value, key):
                # A sample's own values keep their form; what the builder filled in gets ours.
                if key == "published" and value not in example_text:
                    return options.published
                if value == sender:
                    return options.actor
                if value.startswith(sender + "/"):
                    return ids.setdefault(value, f"{options.actor}/samples/{family}/{number}/{len(ids)}")
                if value == RECIPIENT:
                    return options.recipient
                if value.startswith(ASSETS + "/actor"):
                    return options.actor
                return value.replace(ASSETS, options.assets)

            def walk(value, key=None):
                if isinstance(value, dict):
                    return {k: walk(v, k) for k, v in value.items()}
                if isinstance(value, list):
                    return [walk(v, key) for v in value]
                return text(value, key) if isinstance(value, str) else value

            print(json.dumps({
                "name": f"{family}/{number}", "title": data.title, "group": data.group,
                "example": walk(example), "activity": walk(activity),
            }, ensure_ascii=False))


if __name__ == "__main__":
    main()
