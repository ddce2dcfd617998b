"""What channels answer when a refresh token is traded for new ones."""

from typing import Final

from pydantic import Field

from integrations.marketplaces.reading import Body

_LONGEST_LIFE_S: Final = 10 * 366 * 86_400


class Tokens(Body):
    """The refresh token is another one, or the same once more."""

    access_token: str = Field(min_length=1, max_length=1000, repr=False)
    refresh_token: str = Field(default="", max_length=1000, repr=False)
    expires_in: int = Field(ge=1, le=_LONGEST_LIFE_S)

    def secrets(self) -> dict[str, str]:
        """As the shop keeps them."""
        renewed = {"access_token": self.access_token}
        return renewed | ({"refresh_token": self.refresh_token} if self.refresh_token else {})
