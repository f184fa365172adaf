#!/bin/sh
# PYTHON ORIGIN TOKEN OTHER_TOKEN: drives the server, ends with 0 if everything was as it should be.
exec "$1" "$(dirname "$0")/drive.py" "$2" "$3" "$4"
