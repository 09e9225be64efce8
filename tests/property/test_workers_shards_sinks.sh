#!/usr/bin/env bash
exec python3 "$(dirname "$0")/workers_shards_sinks.py"
