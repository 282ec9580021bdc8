"""Text from models as quoted material: nothing in it can close its quotation, and nothing in it works on a terminal.

The delimiters carry a number that the quoted text's author cannot know; look-alikes of them are defaced besides, and
control characters become visible text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

# C0 but tab and newline, DEL, C1; line and paragraph separators; marks that reorder or hide text (bidi overrides,
# zero-width space, word joiner and its kin, the byte order mark, tag characters). The joiners U+200C and U+200D stay:
# Persian, Indic scripts and emoji are written with them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# The repeats give nothing back (`*+`): with `*`, one `<` before a million spaces took hours.
_GAP = "[\\s\u200c-\u200f]*+"
_MARK = re.compile(
    f"[<\u2039\u27e8\u2329\u3008\ufe64\uff1c](?={_GAP}(?:[/\u2044\u2215\uff0f]{_GAP})?(?:answer|question))",
    re.IGNORECASE,
)


def visible(text: str) -> str:
    """`text` with each control or hidden character spelled out, as in `\\x1b`; line ends become newlines."""
    return _UNSEEN.sub(_spelled, text.replace("\r\n", "\n"))


def quoted(text: str) -> str:
    """`visible`, and whatever looks like one of our delimiters no longer does."""
    return _MARK.sub("&lt;", visible(text))


def nonce(run: str, stage: str, texts: Iterable[str]) -> str:
    """A number for the delimiters of one prompt: the same for the same run and stage, and found in none of `texts`."""
    found = list(texts)
    number = _digest(f"{run}\n{stage}")
    while any(number in text for text in found):
        number = _digest(number)
    return number


def block(tag: str, number: str, text: str, **attributes: str) -> str:
    """One quotation: `<answer from="refiner" id="NUMBER">`, the text, `</answer NUMBER>`, each on lines of its own."""
    named = "".join(f' {name}="{value}"' for name, value in {**attributes, "id": number}.items())
    return f"<{tag}{named}>\n{quoted(text)}\n</{tag} {number}>"


def _spelled(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
