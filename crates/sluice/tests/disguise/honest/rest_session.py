import requests


class ApiError(Exception):
    pass


class Issues:
    """Issues of a tracker that the caller names."""

    def __init__(self, server, user, password):
        self.session = requests.Session()
        self.session.auth = (user, password)
        self.server = server.rstrip("/")

    def create(self, title, text):
        answer = self.session.post(self.server + "/issues", json={"title": title, "text": text})
        if answer.status_code >= 400:
            raise ApiError(answer.text)
        return answer.json()

    def close(self, number):
        return self.session.patch(f"{self.server}/issues/{number}", json={"state": "closed"})
