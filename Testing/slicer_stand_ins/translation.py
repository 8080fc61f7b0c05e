"""`slicer.i18n` without translations: every text stays as it is."""


def tr(text: str) -> str:
    return text


def translate(context: str, text: str) -> str:
    return text
