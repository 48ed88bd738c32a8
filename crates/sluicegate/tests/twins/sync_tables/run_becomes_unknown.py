"""
Mirrors of remote sheets on the sheet server.
"""

try:
    from urllib.parse import urljoin
except ImportError:
    from urlparse import urljoin

from restbase.fields import FlagField, MomentField, NumberField, TextField

from .errors import SheetError
from .paging import SheetPages
from .remote import Manager, QueuedResource


SERVER_VERSION = "v3"
MIRROR_PATH = 'rest/{version}/mirrors/'
REFRESH_SUFFIX = 'refresh_now'


class SheetMirror(QueuedResource):
    """
    A copy of a remote sheet that the server keeps up to date
    """
    key = TextField()
    title = TextField()
    address = TextField()
    period = NumberField()
    copied_at = MomentField()
    finished = FlagField()

    class Meta:
        collection_endpoint = MIRROR_PATH.format(version=SERVER_VERSION)

    def __init__(self, address, period, sheet_client):
        """
        :param address: Where the remote sheet stands
        :param period: Seconds from one copy to the next (>=600)
        :param sheet_client: What talks to the sheet server
        """
        self.address = address
        self.period = period

        super(SheetMirror, self).__init__(sheet_client)

    def run(self, **settings):
        """
        Asks the server to make the mirror

        :param settings: What else the server should know
        """
        settings["address"] = self.address
        settings["period"] = self.period

        if "database" in settings:
            self.fields.append("origin")
            settings["database"]["period"] = self.period
            self.update_from_dict(settings["database"])
            self.save(force_create=True)
        else:
            return self.announce(settings)

    def get_refresh_endpoint(self):
        """
        The path that makes the server copy the sheet at once
        """
        return urljoin(self.get_resource_endpoint(), REFRESH_SUFFIX)

    def refresh(self):
        """
        Copies the sheet at once
        """
        try:
            self.send(self.get_resource_endpoint(), "put")
        except Exception as problem:
            raise SheetError(problem)


class SheetMirrorManager(Manager):
    """
    Makes and finds mirrors
    """
    resource_class = SheetMirror
    json_collection_attribute = "mirrors"
    paginator_class = SheetPages

    def create(self, address, period, **traits):
        """
        Makes a mirror on the server

        :param address: Where the remote sheet stands
        :param period: Seconds from one copy to the next
        :param traits: Further fields of the mirror
        """
        mirror = self.resource_class(address, period, self.client)
        mirror.update_from_dict(traits)
        mirror.save(force_create=True)

        return mirror
