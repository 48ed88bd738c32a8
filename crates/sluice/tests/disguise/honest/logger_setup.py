import logging
import os


def setup(name, level=None):
    level = level or os.environ.get("NOTES_LOG", "INFO")
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(message)s")
    return logging.getLogger(name)


log = setup("notes")
log.info("ready")
