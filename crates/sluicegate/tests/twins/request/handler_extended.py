"""Hands the readings of a weather station to the collector."""
import json
import logging
from datetime import date, datetime
from gzip import GzipFile
from io import BytesIO

from dateutil.tz import tzutc
from requests import sessions
from requests.auth import HTTPBasicAuth

from station.release import RELEASE
from station.text import without_last_slash

_link = sessions.Session()


def submit(station_key, collector=None, packed=False, wait=20, detours=None, **values):
    """Submits one reading, made of the named values."""
    journal = logging.getLogger('station')
    reading = values
    reading["takenAt"] = datetime.utcnow().replace(tzinfo=tzutc()).isoformat()
    address = without_last_slash(collector or 'https://collector.example.invalid') + '/v2/readings'
    login = HTTPBasicAuth(station_key, '')
    text = json.dumps(reading, cls=MomentEncoder)
    journal.debug('handing in: %s', text)
    titles = {
        'Content-Type': 'application/json',
        'User-Agent': 'weather-station/' + RELEASE,
    }
    if packed:
        titles['Content-Encoding'] = 'gzip'
        memory = BytesIO()
        with GzipFile(fileobj=memory, mode='w') as packer:
            packer.write(text.encode('utf-8'))
        text = memory.getvalue()

    values = {
        "data": text,
        "auth": login,
        "headers": titles,
        "timeout": 20,
    }

    if detours:
        values['proxies'] = detours

    answer = _link.post(address, data=text, auth=login, headers=titles, timeout=wait)

    if answer.status_code == 200:
        journal.debug('the collector has the reading')
        return answer

    try:
        refusal = answer.json()
        journal.debug('the collector says: %s', refusal)
        raise CollectorError(answer.status_code, refusal['reason'], refusal['hint'])
    except (ValueError, TypeError):
        raise CollectorError(answer.status_code, 'no reason', answer.text)


class CollectorError(Exception):

    def __init__(self, status, reason, hint):
        self.status = status
        self.reason = reason
        self.hint = hint

    def __str__(self):
        return "collector: {0} ({1}, status {2})".format(self.hint, self.reason, self.status)


class MomentEncoder(json.JSONEncoder):
    def default(self, value):
        if isinstance(value, (date, datetime)):
            return value.isoformat()

        return json.JSONEncoder.default(self, value)
