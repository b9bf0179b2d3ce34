"""The machine, as far as settings depend on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Surroundings(Protocol):
    """The machine, as far as settings depend on it."""

    @property
    def environ(self) -> Mapping[str, str]: ...

    @property
    def platform(self) -> str:
        """``sys.platform``."""

    @property
    def text_encoding(self) -> str:
        """How Python decodes the text files of this user: UTF-8 in its UTF-8 mode, else by the locale."""

    @property
    def cwd(self) -> str: ...

    @property
    def home(self) -> str: ...

    @property
    def default_index_url(self) -> str:
        """Pip's own constant."""

    @property
    def own_cache_dir(self) -> str:
        """Where safepip keeps verified files and pages unless told otherwise."""

    @property
    def machine_policy(self) -> str:
        """Path of the machine's policy file."""

    @property
    def user_config_dir(self) -> str:
        """Folder of the user's policy file."""

    @property
    def user_data_dir(self) -> str:
        """Folder of what safepip remembers for the user."""

    @property
    def is_superuser(self) -> bool:
        """Whether files that this process makes belong to root (POSIX)."""

    def absolute(self, path: str) -> str:
        """Against the working directory, ``~`` expanded."""

    def exists(self, path: str) -> bool:
        """False too where it cannot be told."""

    def is_dir(self, path: str) -> bool: ...

    def stands(self, path: str) -> bool:
        """Whether anything has this name, a link that leads nowhere included. Raises OSError."""

    def changeable_by(self, path: str) -> str | None:
        """Who besides the superuser and this user may change the file, or put another in its place.

        In words; None: nobody, or the system has no such permissions. Raises OSError.
        """

    def stranger(self, path: str) -> str | None:
        """Who owns the file, in words, where that is neither this user, nor the superuser, nor the owner of
        the working directory; None: one of those, or the system has no such owners. Raises OSError.
        """

    def one_name(self, path: str) -> str:
        """The one name of a file, however its folder is written or linked; the file need not exist."""

    def folder_of(self, path: str) -> str:
        """The folder that a file stands in, absolute."""
