#!/usr/bin/env bash
exec python3 "$(dirname "$0")/prefix_and_trace.py"
