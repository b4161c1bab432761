"""Every setting, in one frozen object. The defaults boot a working desk."""

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="HELPDESK_", env_file=".env", frozen=True, extra="ignore", populate_by_name=True
    )

    # Without URLs, real servers are started from the installed wheels.
    database_url: str = Field(default="", validation_alias="DATABASE_URL")
    redis_url: str = Field(default="", validation_alias="REDIS_URL")
    database_pool: int = 10

    data_dir: Path = Path(".data")
    storage_url: str = ""  # empty: data_dir/files; or s3://bucket/prefix (AWS_… variables apply)
    secret_key: str = ""  # embedded database: made on the first start

    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://localhost:8000"
    allowed_hosts: str = ""  # comma-separated names besides that of public_url and localhost
    trusted_proxies: str = ""  # comma-separated addresses whose X-Forwarded-For is believed

    reachable_networks: str = ""  # private ones that feeds may be fetched from: 10.1.0.0/16, …

    smtp_url: str = ""  # smtp://user:password@host:587; empty: the local mailbox
    mail_from: str = "Helpdesk <helpdesk@localhost>"

    chat_messages_per_second: float = 5.0  # of one person's tab, after a burst of chat_burst
    chat_burst: int = 20

    live_sockets: int = 1_000  # open tabs of one address, per process
    live_connects_per_second: float = 20.0  # of one address, after a burst of 20 times as many
    live_frames_per_second: float = 1_000.0  # of one address, after a burst of 10 times as many

    alert_planned_days: float = 3.0  # how long before it begins planned work is announced
    visitor_sockets: int = 100  # open pages of people without a session, per address and process

    rating_minimum: int = Field(default=5, ge=1)  # answers below which no agent's figure is shown

    triage_embedder: str = "minilm"  # or wordllama, multilingual, none; the next one if missing

    demo_tickets: int = 300  # an empty embedded desk is filled with these; 0 leaves it empty
    test_mode: bool = False  # adds POST /testing/clock; never in production
    log_level: str = "INFO"

    @property
    def secure_cookies(self) -> bool:
        """Browsers keep `__Host-` cookies on https and on this machine only."""
        url = urlsplit(self.public_url)
        return url.scheme == "https" or url.hostname in ("localhost", "127.0.0.1", "::1")

    @property
    def session_cookie(self) -> str:
        return "__Host-session" if self.secure_cookies else "session"
