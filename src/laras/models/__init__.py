import logging

# peft imports bitsandbytes wherever it is installed, and that recommends, on each import, a
# package that would fetch code from a hub.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
