"""The product in production settings on two machines: on each a web server and workers with a folder of
their own; between them one PostgreSQL, one S3 server and one mail server."""

import re
import socketserver
import threading
from itertools import cycle

import boto3
import requests
from requests.adapters import HTTPAdapter

from tests.product import PASSWORD, Product, answers, free_port, wait_until

SITE = "https://crm.example.com"
BUCKET = "imports"
COLLEAGUES = f"""
from django.contrib.auth.models import Group, User
for name in ("colleague-1", "colleague-2", "colleague-3", "colleague-4"):
    user = User.objects.create_user(name, name + "@example.com", {PASSWORD!r}, is_staff=True)
    user.groups.add(Group.objects.get(name="Business admin"))
"""
KEYS = {"aws_access_key_id": "none", "aws_secret_access_key": "nothing", "region_name": "us-east-1"}


class Machines(Product):
    """Visitors come through a balancer that sends each request to the next machine."""

    def start(self):
        self.mails = MailServer()
        self.bucket_address = f"http://127.0.0.1:{free_port()}"
        self.environment |= {
            "PRODUCTION": "1",
            "SECRET_KEY": "as many characters of production as it demands, and some more",
            "SITE_URL": SITE,
            "ALLOWED_HOSTS": "127.0.0.1",
            "SECURE_PROXY_SSL_HEADER": "X-Forwarded-Proto",
            "EMAIL_URL": f"smtp://127.0.0.1:{self.mails.port}",
            "S3_BUCKET": BUCKET,
            "S3_ENDPOINT_URL": self.bucket_address,
            "S3_REGION": KEYS["region_name"],
            "S3_ACCESS_KEY_ID": KEYS["aws_access_key_id"],
            "S3_SECRET_ACCESS_KEY": KEYS["aws_secret_access_key"],
        }
        self.begin("-m", "moto.server", "-H", "127.0.0.1", "-p", self.bucket_address.rpartition(":")[2])
        self.manage("collectstatic", "--no-input", "-v0")
        self.fill_database()
        self.addresses = [f"http://127.0.0.1:{free_port()}" for _ in range(2)]
        self.next_address = cycle(self.addresses)
        for number, address in enumerate(self.addresses):
            self.begin_web_server(address, **self.folder_of(number))
        wait_until(self.bucket_is_made, "the S3 server answers")
        wait_until(lambda: all(map(answers, self.addresses)), "both web servers answer")

    def fill_database(self):
        super().fill_database()
        self.manage("shell", "-v0", "-c", COLLEAGUES)

    def folder_of(self, number):
        return {"DATA_DIR": str(self.folder / f"machine-{number}")}

    def begin_cluster(self, number):
        return self.begin("manage.py", "qcluster", **self.folder_of(number))

    @property
    def bucket(self):
        return boto3.client("s3", endpoint_url=self.bucket_address, **KEYS)

    def bucket_is_made(self):
        try:
            requests.get(self.bucket_address, timeout=5)
        except requests.ConnectionError:
            return False
        self.bucket.create_bucket(Bucket=BUCKET)
        return True

    @property
    def address(self):
        return next(self.next_address).replace("http:", "https:")

    def session(self):
        session = requests.Session()
        session.mount("https://", Proxy())
        return session

    def stop(self):
        self.mails.stop()
        super().stop()


class Proxy(HTTPAdapter):
    """Speaks HTTPS with visitors, as far as they can tell, and HTTP with the machines."""

    def send(self, request, **options):
        asked = request.url
        request.url = asked.replace("https:", "http:")
        request.headers["X-Forwarded-Proto"] = "https"
        answer = super().send(request, **options)
        request.url = answer.url = asked
        return answer


class MailServer:
    """Takes every e-mail and keeps the identifiers of all, in the order in which they came."""

    def __init__(self):
        self.identifiers = []
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def handler(self):
        identifiers = self.identifiers

        class Conversation(socketserver.StreamRequestHandler):
            def handle(self):
                self.say("220 ready")
                for line in self.rfile:
                    word = line.split()[0].upper() if line.split() else b""
                    if word == b"DATA":
                        self.say("354 go on")
                        mail = b"".join(iter(self.rfile.readline, b".\r\n")).decode()
                        identifiers.append(re.search(r"^Message-ID: (.*?)\r$", mail, re.MULTILINE)[1])
                    self.say("221 bye" if word == b"QUIT" else "250 ok")

            def say(self, answer):
                self.wfile.write(f"{answer}\r\n".encode())

        return Conversation

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
