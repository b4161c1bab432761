"""Whether people find the article that answers them, asking in their own words."""

from bench.help import found_share, questions, shelve
from helpdesk.demo.library import written_articles
from helpdesk.desk import Desk
from helpdesk.help.finding.synonyms import ensure_synonyms
from helpdesk.permissions import SYSTEM


def test_there_are_sixty_questions_about_articles_that_exist() -> None:
    written = {article.slug for article in written_articles()}
    assert len({question.words for question in questions()}) == 60
    assert {slug for question in questions() for slug in question.slugs} <= written


async def test_nine_of_ten_find_it_among_the_first_three(desk: Desk) -> None:
    async with desk.transaction(SYSTEM) as tx:
        await ensure_synonyms(tx)
    await shelve(desk)
    share, missed = await found_share(desk)
    assert share >= 0.9, missed
