"""One box: what people type, read as a name, as words of the taxonomy, or as both."""

from directory.words.reading import Reading, read_words
from directory.words.suggesting import Suggestion, suggestions

__all__ = ["Reading", "Suggestion", "read_words", "suggestions"]
