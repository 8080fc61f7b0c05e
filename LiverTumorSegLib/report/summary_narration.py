"""A summary phrased by a language model of the user's own: asked with the facts, shown only if it adds nothing."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.narration import Endpoint, NarrationError, ask
from LiverTumorSegLib.progress import ProgressCallback
from LiverTumorSegLib.report.summary_check import reason_to_reject
from LiverTumorSegLib.report.summary_facts import SummaryFacts

INSTRUCTION = """You phrase the findings of a liver CT for a radiologist, in plain English, from facts in JSON.
- Use only these facts. Add nothing, conclude nothing, compare with nothing else. Give no diagnosis and no advice.
- Use the facts' own words for attenuation, texture, shape, outline, margin, segments and contacts.
- Copy every number with its unit directly behind it (mm, ml, HU, %), in figures; you may leave out decimals.
- Name each lesion as it is named (L1, L2, ...), each with its segment, both diameters and its volume. Leave none out.
  Begin a new sentence for each lesion, and name it whenever you give a number of it.
- difference_hu is the lesion's attenuation minus that of the parenchyma: negative is below it.
- Short paragraphs on technique, liver, lesions, vessels and limitations. No tables, no headings, no introduction."""
_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_MARKUP = re.compile(r"\*\*|__|^#+\s*|`", re.MULTILINE)


@dataclass(frozen=True)
class Narrated:
    """text: "" where there is none to be shown, with the reason. model: "" where none has answered."""

    address: str
    model: str
    text: str
    reason: str = ""

    @property
    def warning(self) -> str:
        """For the run; "" where all is well."""
        return f"The summary was not phrased by a model: {self.reason}." if self.reason else ""


def narrated(facts: SummaryFacts, endpoint: Endpoint, report: ProgressCallback) -> Narrated:
    """Ask and check. Whatever goes wrong with the endpoint is a reason; may raise CancelledError from the callback."""
    question = json.dumps(facts.to_json(), ensure_ascii=False, indent=1)
    try:
        answer = ask(endpoint, INSTRUCTION, question, report)
    except (NarrationError, InputError) as error:
        return Narrated(endpoint.address, endpoint.model, "", str(error).rstrip("."))
    text = _MARKUP.sub("", _THOUGHT.sub("", answer.text)).strip()
    if reason := reason_to_reject(text, facts):
        return Narrated(endpoint.address, answer.model, "", f"its text was rejected, {reason}")
    return Narrated(endpoint.address, answer.model, text)


def narrated_text(narrated: Narrated) -> str:
    """summary_narrated.txt."""
    return f"{marked(narrated)}\n\n{narrated.text}\n"


def marked(narrated: Narrated) -> str:
    """What stands above a text that a machine has phrased."""
    return (
        f"Phrased by a language model ({narrated.model}) from the facts of summary.txt. Its numbers were checked "
        "against them, its words only in part: where the two differ, summary.txt is right."
    )
