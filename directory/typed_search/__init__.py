"""One box: what people type, read as a name, as words of the taxonomy, or as both."""

from directory.typed_search.places import read_places
from directory.typed_search.reading import Reading, read_words
from directory.typed_search.suggestions import Suggestion, suggestions

__all__ = ["Reading", "Suggestion", "read_places", "read_words", "suggestions"]
