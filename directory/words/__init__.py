"""One box: what people type, read as a name, as words of the taxonomy, or as both."""

from directory.words.reading import Reading, read_words

__all__ = ["Reading", "read_words"]
