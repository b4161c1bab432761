"""Every table of the desk, known to one metadata: what migrations are compared with."""

from sqlmodel import SQLModel

import chat.models
import helpdesk.cases.models
import helpdesk.catalogue.models
import helpdesk.contact.models
import helpdesk.contracts.models
import helpdesk.evidence.models
import helpdesk.mail.models
import helpdesk.people.models
import helpdesk.tickets.models  # noqa: F401

metadata = SQLModel.metadata
