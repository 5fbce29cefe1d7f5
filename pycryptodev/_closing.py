# SPDX-License-Identifier: MIT
"""What objects share that a `with` block closes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType


class Closing(ABC):
    """Closes itself at the end of a `with` block, however that ends."""

    __slots__ = ()

    @abstractmethod
    def close(self) -> None:
        """Close it; a second time does nothing."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
