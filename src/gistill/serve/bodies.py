"""What clients send to the service and what they get, as FastAPI shows it in OpenAPI. Unknown fields are refused."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gistill.schema import Brief, Failure, Opinion
from gistill.serve.limits import CHARACTERS, RECORDS
from gistill.serve.openai.bodies import WHOLE

Name = Annotated[str, Field(min_length=1, max_length=200)]
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class About(_Asked):
    """What is known of a text beside its words."""

    id: Name | None = Field(default=None, description="Yours; made from the record where there is none.")
    entity: Name | None = Field(default=None, description="The product, hotel or service that it is about.")
    author: Name | None = None
    rating: Annotated[float, Field(allow_inf_nan=False, ge=-1e9, le=1e9)] | None = None
    date: Annotated[str, Field(pattern=_DAY, max_length=10)] | None = Field(default=None, examples=["2026-05-31"])
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$", max_length=2)] | None = Field(
        default=None, description="ISO 639-1; told from the words where it is not given.", examples=["en"]
    )


class Text(About):
    """A review, an answer to a survey, a mail."""

    text: Annotated[str, Field(max_length=CHARACTERS)] = Field(examples=["The sound is great, but it broke."])


class Turn(_Asked):
    """What somebody says in a conversation."""

    role: Annotated[str, Field(min_length=1, max_length=100)] = Field(examples=["customer"])
    content: Annotated[str, Field(max_length=CHARACTERS)] = Field(examples=["I was charged twice."])


class Conversation(About):
    """A conversation; of its turns only those of customers are read for opinions."""

    messages: Annotated[list[Turn], Field(min_length=1, max_length=500)]


Texts = Annotated[list[Text], Field(min_length=1, max_length=RECORDS)]
Conversations = Annotated[list[Conversation], Field(min_length=1, max_length=RECORDS)]


class OpinionsAsked(_Asked):
    """Records to read: all texts, or all conversations."""

    records: Texts | Conversations


class OpinionsFound(BaseModel):
    """Opinions in the order of the records, as `gistill extract` writes them."""

    opinions: list[Opinion]
    records: int
    sentences: int
    failures: list[Failure] = Field(description="Records that were set apart and answers that did not fit, by name.")


class SummariesAsked(_Asked):
    """What to sum up."""

    records: Conversations | Texts
    aspects: list[Name] = Field(default=[], max_length=20, description="Look only at turns about one of these.")
    words: Annotated[int, Field(ge=5, le=200), WHOLE] = Field(
        default=30, description="About how long the model writes."
    )


class SummariesMade(BaseModel):
    """A brief of each record. Each sentence names the turns that carry it; those that did not stand are `refused`."""

    briefs: list[Brief]
    outcomes: dict[str, int] = Field(description="How many are solved, moved, open or `not judged`.")
    failures: list[Failure]
    writer: str | None = Field(description="None where all sentences are the conversations' own words.")


class Columns(_Asked):
    """Which column plays which role; what is not named is found by its cells."""

    text: list[Name] | None = Field(default=None, min_length=1, max_length=20)
    messages: Name | None = None
    id: Name | None = None
    entity: Name | None = None
    author: Name | None = None
    rating: Name | None = None
    date: Name | None = None
    language: Name | None = None


Preset = Literal["shop", "hotel", "restaurant", "app", "support", "survey", "news", "social", "video"]


class Settings(_Asked):
    """How a report is made; see `gistill digest`."""

    columns: Columns = Columns()
    by: list[Name] = Field(default=[], max_length=5, description="Columns to count by, too.")
    preset: Preset | None = Field(default=None, description="Found from the data where it is not given.")
    title: str = Field(default="", max_length=200)
    writer: Literal["auto", "none"] = Field(default="auto", description="none: summaries of quotes alone.")
    limit: Annotated[int, Field(ge=1, le=2**31), WHOLE] | None = Field(
        default=None, description="Read only so many records."
    )
    show_names: bool = Field(default=False, description="Show the names of customers in the pages.")


class Upload(BaseModel):
    """How a file is sent, in the query; the columns are those of `Columns`."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(default="reviews.csv", min_length=1, max_length=200, description="Its end says what it is.")
    hold: bool = Field(default=False, description="Do not start it yet; /start does.")
    text_column: list[Name] = Field(default=[], max_length=20)
    messages_column: Name | None = None
    id_column: Name | None = None
    entity_column: Name | None = None
    author_column: Name | None = None
    rating_column: Name | None = None
    date_column: Name | None = None
    language_column: Name | None = None
    by: list[Name] = Field(default=[], max_length=5)
    preset: Preset | None = None
    title: str = Field(default="", max_length=200)
    writer: Literal["auto", "none"] = "auto"
    limit: int | None = Field(default=None, ge=1, le=2**31)
    show_names: bool = False

    @property
    def settings(self) -> Settings:
        """Give them as they are kept."""
        roles = {role: getattr(self, f"{role}_column") or None for role in Columns.model_fields}
        same = ("by", "preset", "title", "writer", "limit", "show_names")
        return Settings(columns=Columns(**roles), **{name: getattr(self, name) for name in same})


class Error(BaseModel):
    """What is wrong, in OpenAI's shape."""

    class Body(BaseModel):
        """A sentence, and names for programs."""

        message: str
        type: str
        param: str | None
        code: str

    error: Body


class JobError(BaseModel):
    """Why a job failed."""

    code: str
    message: str


class JobBody(BaseModel):
    """A digest as a job."""

    id: str
    state: Literal["held", "queued", "running", "done", "failed", "canceled"]
    name: str = Field(description="Of the file.")
    settings: Settings
    created: float = Field(description="Seconds since 1970.")
    changed: float
    deleted_after: float | None = Field(description="When it goes of itself; null while it waits or runs.")
    tries: int
    step: str = Field(description="What it is doing; empty where it is not running.")
    done: int
    total: int | None
    error: JobError | None
    files: list[str] = Field(description="Of the result, for /v1/digests/{id}/files/{name}.")
    report: str | None = Field(description="An address that opens the report in a browser for an hour.")
    explore: str | None = Field(description="Likewise, of the pages on which it is explored and corrected.")


class JobList(BaseModel):
    """The newest jobs of a key."""

    jobs: list[JobBody]


class Row(BaseModel):
    """A record of a preview, its text shortened."""

    id: str
    text: str
    rating: float | None


class PreviewBody(BaseModel):
    """What a file was taken for. `error`: why it cannot be read as it is; `header` then has what to choose from."""

    said: list[str]
    header: list[str]
    texts: list[str]
    columns: dict[str, str]
    rows: list[Row]
    error: JobError | None


class Health(BaseModel):
    """Whether it works."""

    status: Literal["ok", "loading", "closing"]
