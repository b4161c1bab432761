"""The languages an article may be written in, as their readers call them."""

LANGUAGES = {
    "en": "English",
    "es": "Español",
    "pt": "Português",
    "de": "Deutsch",
    "fr": "Français",
    "it": "Italiano",
    "nl": "Nederlands",
    "pl": "Polski",
    "tr": "Türkçe",
    "ru": "Русский",
    "uk": "Українська",
    "ar": "العربية",
    "he": "עברית",
    "hi": "हिन्दी",
    "ja": "日本語",
    "ko": "한국어",
    "zh": "中文",
}
FROM_RIGHT = frozenset({"ar", "he"})


def direction(language: str) -> str:
    return "rtl" if language in FROM_RIGHT else "ltr"
