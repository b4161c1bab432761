"""Who reaches what: every route of the app, everybody, everything. One table says it all.

A number is the status that must come. `*` after a refusal: it may differ from the answer for
something that does not exist (a colleague's locked piece is known to be there; ids of drafts
and uploads are chosen by browsers). All other refusals look the same, byte for byte.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from starlette.routing import Mount, Route, WebSocketRoute

from helpdesk.app import all_routes
from helpdesk.core.settings import Settings
from helpdesk.tickets.models import reference
from tests.helpdesk.evidence import samples
from tests.helpdesk.test_security import contents
from tests.people import Cast
from tests.world import ACTORS, FAR, RULES_VERSION, World, build, plain

OPEN = {"/static", "/healthz", "/readyz"}  # need no permission
SOCKETS = {"/live"}  # tests/test_access_sockets.py

TABLE = """
                                                            nobody gus finn cora dora otto amy tess max admin
GET  /                                  |                     | 303 303 303 303 303 303 303 303 303 303
GET  /contact                           |                     | 200 200 200 200 200 200 200 200 200 200
GET  /sign-in                           |                     | 200 200 303 303 303 303 303 303 303 303
GET  /register                          |                     | 200 200 303 303 303 303 303 303 303 303
GET  /reset-password                    |                     | 200 200 200 200 200 200 200 200 200 200
GET  /api/openapi.json                  |                     | 200 200 200 200 200 200 200 200 200 200
GET  /api/docs                          |                     | 200 200 200 200 200 200 200 200 200 200
GET  /answer-times                      |                     | 200 200 200 200 200 200 200 200 200 200
GET  /api/v1/catalogue                  |                     | 200 200 200 200 200 200 200 200 200 200

GET  /help                              |                     | 200 200 200 200 200 200 200 200 200 200
GET  /help/search                       |                     | 200 200 200 200 200 200 200 200 200 200
GET  /help/topics/{key}                 | topic               | 200 200 200 200 200 200 200 200 200 200
GET  /help/articles/{slug}              | article             | 200 200 200 200 200 200 200 200 200 200
POST /help/articles/{slug}/verdict      | article             | 422 422 422 422 422 422 422 422 422 422
GET  /help/sitemap.xml                  |                     | 200 200 200 200 200 200 200 200 200 200
GET  /sitemap.xml                       |                     | 200 200 200 200 200 200 200 200 200 200
GET  /robots.txt                        |                     | 200 200 200 200 200 200 200 200 200 200
GET  /api/v1/help/suggest               |                     | 422 422 422 422 422 422 422 422 422 422
GET  /api/v1/help/search                |                     | 422 422 422 422 422 422 422 422 422 422

GET  /alerts                            |                     | 200 200 200 200 200 200 200 200 200 200
GET  /alerts/area                       |                     | 200 200 200 200 200 200 200 200 200 200
GET  /alerts/feed.atom                  |                     | 200 200 200 200 200 200 200 200 200 200
GET  /api/v1/alerts                     |                     | 200 200 200 200 200 200 200 200 200 200
GET  /alerts/{id:int}                   | alert               | 200 200 200 200 200 200 200 200 200 200
GET  /alerts/{id:int}                   | clients' alert      | 404 404 404 200 200 404 200 200 200 200
POST /alerts/{id:int}/affects-me        | clients' alert      | 404 404 404 303 303 404 303 303 303 303
POST /alerts/{id:int}/unfollow          | clients' alert      | 404 404 404 303 303 404 303 303 303 303
GET  /alerts/stop/{token}               | alert link          | 200 200 200 200 200 200 200 200 200 200
POST /alerts/stop/{token}               | no link             | 404 404 404 404 404 404 404 404 404 404
GET  /desk/alerts                       |                     | 303 303 403 403 403 403 200 200 200 200
GET  /admin/alerts                      |                     | 303 303 403 403 403 403 303 303 303 303
GET  /desk/alerts/{id:int}              | alert               | 303 303 403 403 403 403 200 200 200 200
POST /desk/alerts                       |                     | 401 401 403 403 403 403 422 422 422 422
POST /desk/alerts/{id:int}/updates      | alert               | 401 401 403 403 403 403 422 422 422 422
POST /desk/alerts/{id:int}/resolve      | alert               | 401 401 403 403 403 403 422 422 422 422
POST /desk/alerts/{id:int}/reopen       | alert               | 401 401 403 403 403 403 422 422 422 422
POST /desk/alerts/{id:int}/edit         | alert               | 401 401 403 403 403 403 422 422 422 422

GET  /report                            |                     | 200 200 303 200 200 200 403 403 403 403
GET  /report/{draft:uuid}               | draft               | 404 404 200 404 404 404 403 403 403 403
GET  /report/{draft:uuid}/check         | draft               | 404 404 422 404 404 404 403 403 403 403
GET  /report/{draft:uuid}/sent          | draft               | 404 404 303 404 404 404 403 403 403 403
POST /report                            | draft               | 422 422 422 422 422 422 403 403 403 403
POST /report/send                       | draft               | 422 422 422 422 422 422 403 403 403 403
POST /report/{draft:uuid}/save          | draft               | 200 200 200 200 200 200 403 403 403 403
POST /report/{draft:uuid}/send          | draft               | 404 404 422 404 404 404 403 403 403 403
GET  /report/suggestions                |                     | 200 200 200 200 200 200 403 403 403 403
GET  /report/{draft:uuid}/solved        | draft               | 404 404 303 404 404 404 403 403 403 403
POST /report/{draft:uuid}/solved        | draft               | 404 404 303 404 404 404 403 403 403 403
POST /report/{draft:uuid}/discard       | draft               | 303 303 303 303 303 303 403 403 403 403

GET  /requests                          |                     | 303 200 200 200 200 200 403 403 403 403
GET  /requests/{ref}                    | own ticket          | 303 404 200 404 404 404 403 403 403 403
GET  /requests/{ref}                    | her ticket          | 303 404 404 200 200 404 403 403 403 403
GET  /requests/{ref}                    | restricted ticket   | 303 404 404 200 404 404 403 403 403 403
GET  /requests/{ref}                    | guest's ticket      | 303 200 404 404 404 404 403 403 403 403
GET  /requests/{ref}/severity           | own ticket          | 303 404 200 404 404 404 403 403 403 403
GET  /requests/{ref}/severity           | her ticket          | 303 404 404 200 200 404 403 403 403 403
GET  /requests/{ref}/severity           | restricted ticket   | 303 404 404 200 404 404 403 403 403 403
POST /requests/{ref}/messages           | own ticket          | 401 404 422 404 404 404 403 403 403 403
POST /requests/{ref}/messages           | her ticket          | 401 404 404 422 422 404 403 403 403 403
POST /requests/{ref}/messages           | restricted ticket   | 401 404 404 422 404 404 403 403 403 403
POST /requests/{ref}/messages           | guest's ticket      | 401 422 404 404 404 404 403 403 403 403
POST /requests/{ref}/follow-up          | own ticket          | 401 404 303 404 404 404 403 403 403 403
POST /requests/{ref}/follow-up          | her ticket          | 401 404 404 303 303 404 403 403 403 403
POST /requests/{ref}/follow-up          | restricted ticket   | 401 404 404 303 404 404 403 403 403 403
POST /requests/{ref}/close              | guest's ticket      | 401 303 404 404 404 404 403 403 403 403
POST /requests/{ref}/close              | restricted ticket   | 401 404 404 303 404 404 403 403 403 403
POST /requests/{ref}/reopen             | guest's ticket      | 401 422 404 404 404 404 403 403 403 403
POST /requests/{ref}/reopen             | restricted ticket   | 401 404 404 422 404 404 403 403 403 403

POST /requests/{ref}/rating             | guest's ticket      | 401 422 404 404 404 404 403 403 403 403
POST /requests/{ref}/rating             | restricted ticket   | 401 404 404 422 404 404 403 403 403 403
GET  /rate/{token}                      | rating link         | 200 200 200 200 200 200 200 200 200 200
GET  /rate/{token}                      | reset link          | 404 404 404 404 404 404 404 404 404 404
POST /rate/{token}                      | rating link         | 422 422 422 422 422 422 422 422 422 422
POST /rate/{token}                      | no link             | 404 404 404 404 404 404 404 404 404 404

POST /api/v1/tickets                    |                     | 401 401 422 422 422 422 403 403 403 403
POST /api/v1/tickets/preview            |                     | 401 401 200 200 200 200 403 403 403 403
GET  /api/v1/tickets                    |                     | 401 403 200 200 200 200 200 200 200 200
GET  /api/v1/tickets/{reference}        | own ticket          | 401 403 200 404 404 404 200 200 200 200
GET  /api/v1/tickets/{reference}        | her ticket          | 401 403 404 200 200 404 200 200 200 200
GET  /api/v1/tickets/{reference}        | restricted ticket   | 401 403 404 200 404 404 404 200 200 200
POST /api/v1/tickets/{reference}/messages | own ticket        | 401 401 201 404 404 404 403 403 403 403
POST /api/v1/tickets/{reference}/messages | restricted ticket | 401 401 404 201 404 404 403 403 403 403

POST /uploads                           | for his draft       | 403* 404* 201 404* 404* 404* 404* 404* 404* 404*
POST /uploads                           | for his case        | 404 404 201 201 201 404 201 201 201 201
POST /uploads                           | under his id        | 404* 404* 201 404* 404* 404* 404* 404* 404* 404*
POST /api/v1/uploads                    | under his id        | 401 403 201 404* 404* 404* 404* 404* 404* 404*
GET  /uploads/{id:uuid}/thumbnail       | upload              | 404 404 200 404 404 404 404 404 404 404
POST /uploads/{id:uuid}/tag             | upload              | 404 404 200 404 404 404 404 404 404 404
POST /uploads/{id:uuid}/remove          | upload              | 200 200 200 200 200 200 200 200 200 200

GET  /evidence/{id:int}                 | log                 | 303 404 200 404 404 404 200 200 200 200
GET  /evidence/{id:int}                 | private piece       | 303 404 200 404 404 404 403* 200 200 200
GET  /evidence/{id:int}                 | her private piece   | 303 404 404 200 404 404 403* 200 200 200
GET  /evidence/{id:int}/lines           | log                 | 303 404 200 404 404 404 200 200 200 200
GET  /evidence/{id:int}/download        | log                 | 303 404 200 404 404 404 200 200 200 200
GET  /evidence/{id:int}/download        | private piece       | 303 404 200 404 404 404 403* 200 200 200
GET  /evidence/{id:int}/download        | her private piece   | 303 404 404 200 404 404 403* 200 200 200
GET  /evidence/{id:int}/image           | picture             | 303 404 200 404 404 404 200 200 200 200
GET  /evidence/{id:int}/image           | private piece       | 303 404 200 404 404 404 403* 200 200 200
GET  /evidence/{id:int}/thumbnail       | picture             | 303 404 200 404 404 404 200 200 200 200
GET  /evidence/{id:int}/thumbnail       | private piece       | 303 404 200 404 404 404 403* 200 200 200
GET  /evidence/{id:int}/original        | private piece       | 303 303 403 403 403 403 403* 200 200 200

POST /live/poll                         |                     | 422 422 422 422 422 422 422 422 422 422
GET  /chat                              |                     | 200 200 200 200 200 200 403 403 403 403
POST /chat                              |                     | 422 422 422 422 422 422 403 403 403 403
GET  /chat/{id:int}                     | chat                | 404 404 200 404 404 404 303 303 303 303
GET  /chat/{id:int}                     | her chat            | 404 404 404 200 200 404 303 303 303 303
GET  /chat/{id:int}/transcript          | chat                | 404 404 200 404 404 404 200 200 200 200
GET  /chat/{id:int}/transcript          | her chat            | 404 404 404 200 200 404 200 200 200 200
POST /chat/{id:int}/evidence            | chat                | 401 404 409 404 404 404 409 409 409 409
POST /chat/{id:int}/end                 | chat                | 404 404 303 404 404 404 403 403 403 403
POST /chat/{id:int}/leave               | her chat            | 404 404 404 307 307 404 403 403 403 403
POST /chat/{id:int}/rating              | chat                | 422 422 422 422 422 422 403 403 403 403
POST /chat/{id:int}/transcript          | chat                | 404 404 303 404 404 404 403 403 403 403
POST /chat/{id:int}/private             | chat                | 422 422 422 422 422 422 403 403 403 403
GET  /chat/{id:int}/state               | chat                | 401 404 200 404 404 404 200 200 200 200
GET  /chat/{id:int}/state               | her chat            | 401 404 404 200 200 404 200 200 200 200
GET  /api/v1/chat/availability          |                     | 200 200 200 200 200 200 200 200 200 200

GET  /widget.js                         |                     | 200 200 200 200 200 200 200 200 200 200
GET  /widget/frame.js                   |                     | 200 200 200 200 200 200 200 200 200 200
GET  /widget/frame.css                  |                     | 200 200 200 200 200 200 200 200 200 200
GET  /widget/demo                       |                     | 404 404 404 404 404 404 404 404 404 404
GET  /widget/{key}/frame                | widget              | 200 200 200 200 200 200 200 200 200 200
GET  /widget/{key}/start                | widget              | 200 200 200 200 200 200 200 200 200 200
POST /widget/{key}/session              | widget              | 422 422 422 422 422 422 422 422 422 422
POST /widget/{key}/session/end          | widget              | 200 200 200 200 200 200 200 200 200 200
POST /widget/{key}/chats                | widget              | 422 422 422 422 422 422 422 422 422 422
GET  /widget/{key}/chats/{id:int}       | widget, chat        | 404 404 404 404 404 404 404 404 404 404
POST /widget/{key}/chats/{id:int}/end   | widget, chat        | 404 404 404 404 404 404 404 404 404 404
GET  /widget/{key}/chats/{id:int}/transcript | widget, chat   | 404 404 404 404 404 404 404 404 404 404
POST /widget/{key}/chats/{id:int}/transcript | widget, chat   | 404 404 404 404 404 404 404 404 404 404
POST /widget/{key}/chats/{id:int}/rating | widget, chat       | 422 422 422 422 422 422 422 422 422 422
POST /widget/{key}/chats/{id:int}/private | widget, chat      | 422 422 422 422 422 422 422 422 422 422
POST /widget/{key}/chats/{id:int}/evidence | widget, chat     | 401 401 401 401 401 401 401 401 401 401
POST /widget/{key}/uploads              | widget              | 401 401 401 401 401 401 401 401 401 401
GET  /widget/{key}/evidence/{id:int}/thumbnail | widget, picture | 401 401 401 401 401 401 401 401 401 401
GET  /widget/{key}/evidence/{id:int}/download | widget, picture | 401 401 401 401 401 401 401 401 401 401
GET  /desk/widgets                      |                     | 303 303 403 403 403 403 403 403 200 200
POST /desk/widgets                      |                     | 401 401 403 403 403 403 403 403 422 422
GET  /desk/widgets/{id:int}             | widget's page       | 303 303 403 403 403 403 403 403 200 200
POST /desk/widgets/{id:int}             | widget's page       | 401 401 403 403 403 403 403 403 422 422
POST /desk/widgets/{id:int}/switch      | widget's page       | 401 401 403 403 403 403 403 403 303 303
POST /desk/widgets/{id:int}/keys        | widget's page       | 401 401 403 403 403 403 403 403 200 200
POST /desk/widgets/{id:int}/keys/{number:int}/revoke | its key  | 401 401 403 403 403 403 403 403 303 303

GET  /desk                              |                     | 303 303 403 403 403 403 200 200 200 200
GET  /desk/search                       |                     | 303 303 403 403 403 403 200 200 200 200
GET  /desk/tickets/{ref}                | own ticket          | 303 303 403 403 403 403 200 200 200 200
GET  /desk/tickets/{ref}                | restricted ticket   | 303 303 403 403 403 403 404 200 200 200
GET  /desk/counts                       |                     | 303 303 403 403 403 403 200 200 200 200
GET  /desk/chats                        |                     | 303 303 403 403 403 403 200 200 200 200
GET  /desk/chats/{id:int}               | chat                | 303 303 403 403 403 403 200 200 200 200
POST /desk/tickets/{ref}/messages       | own ticket          | 401 401 403 403 403 403 422 422 422 422
POST /desk/tickets/{ref}/messages       | restricted ticket   | 401 401 403 403 403 403 404 422 422 422
POST /desk/tickets/{ref}/draft          | own ticket          | 401 403 403 403 403 403 422 422 422 422
POST /desk/tickets/{ref}/draft          | restricted ticket   | 401 403 403 403 403 403 404 422 422 422
POST /desk/tickets/{ref}/status         | restricted ticket   | 401 401 403 403 403 403 404 422 422 422
POST /desk/tickets/{ref}/coverage       | restricted ticket   | 401 401 403 403 403 403 404 422 422 422
POST /desk/tickets/{ref}/article        | restricted ticket   | 401 401 403 403 403 403 404 409 409 409
GET  /desk/help/pick                    |                     | 303 303 403 403 403 403 200 200 200 200
GET  /desk/help                         |                     | 303 303 403 403 403 403 200 200 200 200
GET  /desk/help/new                     |                     | 303 303 403 403 403 403 200 200 200 200
GET  /desk/help/{id:int}                | article to edit     | 303 303 403 403 403 403 200 200 200 200
GET  /desk/help/{id:int}/versions       | article to edit     | 303 303 403 403 403 403 200 200 200 200
GET  /desk/help/{id:int}/review         | article to edit     | 303 303 403 403 403 403 303 303 303 303
GET  /desk/help/synonyms                |                     | 303 303 403 403 403 403 403 403 200 200
POST /desk/help/synonyms                |                     | 401 401 403 403 403 403 403 403 409 409
POST /desk/help/new                     |                     | 401 401 403 403 403 403 422 422 422 422
POST /desk/help/preview                 |                     | 401 401 403 403 403 403 200 200 200 200
POST /desk/help/images                  |                     | 401 403 403 403 403 403 422 422 422 422
POST /desk/help/{id:int}                | article to edit     | 401 401 403 403 403 403 422 422 422 422
POST /desk/help/{id:int}/review         | article to edit     | 401 401 403 403 403 403 409 409 409 409
POST /desk/help/{id:int}/state          | article to edit     | 401 401 403 403 403 403 422 422 422 422
GET  /help/images/{id}                  | no picture          | 404 404 404 404 404 404 404 404 404 404
POST /desk/tickets/{ref}/severity       | restricted ticket   | 401 401 403 403 403 403 404 422 422 422
GET  /desk/tickets/{ref}/why-severity   | own ticket          | 303 303 403 403 403 403 200 200 200 200
GET  /desk/tickets/{ref}/why-severity   | restricted ticket   | 303 303 403 403 403 403 404 200 200 200
POST /desk/tickets/{ref}/type           | own ticket          | 401 401 403 403 403 403 422 422 422 422
POST /desk/tickets/{ref}/type           | restricted ticket   | 401 401 403 403 403 403 404 422 422 422
POST /desk/tickets/{ref}/assign         | restricted ticket   | 401 401 403 403 403 403 404 303 303 303
POST /desk/tickets/{ref}/hand-over      | restricted ticket   | 401 401 403 403 403 403 404 422 422 422
POST /desk/tickets/{ref}/ask            | restricted ticket   | 401 401 403 403 403 403 404 422 422 422
POST /desk/tickets/{ref}/ask/{request_id:int}/cancel | its request | 401 401 403 403 403 403 404 303 303 303
POST /desk/tickets/{ref}/evidence       | restricted ticket   | 401 403 403 403 403 403 404 409 409 409
POST /desk/tickets/{ref}/claim          | restricted ticket   | 401 401 403 403 403 403 404 303 409 409
GET  /desk/tickets/{ref}/similar        | own ticket          | 303 303 403 403 403 403 200 200 200 200
GET  /desk/tickets/{ref}/similar        | restricted ticket   | 303 303 403 403 403 403 404 200 200 200
POST /desk/tickets/{ref}/merge          | own ticket          | 401 401 403 403 403 403 422 422 422 422
POST /desk/tickets/{ref}/merge          | restricted ticket   | 401 401 403 403 403 403 404 422 422 422
POST /desk/tickets/{ref}/unmerge        | restricted ticket   | 401 401 403 403 403 403 404 422 422 422
POST /desk/tickets/{ref}/link           | restricted ticket   | 401 401 403 403 403 403 404 422 422 422
POST /desk/tickets/{ref}/unlink         | restricted ticket   | 401 401 403 403 403 403 404 422 422 422
POST /desk/tickets/{ref}/not-the-same   | restricted ticket   | 401 401 403 403 403 403 404 422 422 422
POST /desk/take-next                    |                     | 401 401 403 403 403 403 303 303 303 303
POST /desk/availability                 |                     | 401 401 403 403 403 403 303 303 303 303
POST /desk/chats/next                   |                     | 401 401 403 403 403 403 303 303 303 303
POST /desk/chats/{id:int}/claim         | chat                | 401 401 403 403 403 403 409 409 409 409
POST /desk/chats/{id:int}/end           | chat                | 401 401 403 403 403 403 303 303 303 303
POST /desk/chats/{id:int}/ticket        | chat                | 401 401 403 403 403 403 303 303 303 303
GET  /desk/chats/state                  |                     | 401 403 403 403 403 403 200 200 200 200
GET  /desk/chats/colleagues             |                     | 401 403 403 403 403 403 200 200 200 200
GET  /desk/chats/{id:int}/ticket        | chat                | 401 403 403 403 403 403 200 200 200 200
POST /desk/chats/{id:int}/accept        | chat                | 401 401 403 403 403 403 409 409 409 409
POST /desk/chats/{id:int}/join          | chat                | 401 401 403 403 403 403 409 409 409 409
POST /desk/chats/{id:int}/leave         | chat                | 401 401 403 403 403 403 303 303 303 303
POST /desk/chats/{id:int}/notice        | chat                | 401 401 403 403 403 403 409 409 409 409
POST /desk/chats/{id:int}/watch         | chat                | 401 401 403 403 403 403 403 403 409 409
POST /desk/chats/{id:int}/take-over     | chat                | 401 401 403 403 403 403 403 403 409 409
POST /desk/chats/{id:int}/pass          | chat                | 401 401 403 403 403 403 303 303 303 303
POST /desk/chats/{id:int}/transfer      | chat                | 401 401 403 403 403 403 422 422 422 422
POST /desk/chats/{id:int}/steer         | chat                | 401 401 403 403 403 403 422 422 422 422
POST /desk/chats/{id:int}/article       | chat                | 401 401 403 403 403 403 422 422 422 422
POST /desk/chats/{id:int}/conduct       | chat                | 401 401 403 403 403 403 409 409 409 409
POST /desk/chats/{id:int}/whisper       | chat                | 401 401 403 403 403 403 403 403 422 422
GET  /desk/chats/board                  |                     | 303 303 403 403 403 403 403 403 200 200
GET  /desk/chats/board.json             |                     | 401 403 403 403 403 403 403 403 200 200
GET  /desk/chats/settings               |                     | 303 303 403 403 403 403 403 403 200 200
POST /desk/chats/settings/{key}         | line                | 401 401 403 403 403 403 403 403 422 422
POST /desk/chats/agents/{id:int}        | agent               | 401 401 403 403 403 403 403 403 303 303

GET  /reports/{report}                  | report              | 303 303 403 403 403 403 403 403 303 303
GET  /desk/rules                        |                     | 303 303 403 403 403 403 200 200 200 200
GET  /desk/rules/versions               |                     | 303 303 403 403 403 403 200 200 200 200
GET  /desk/rules/versions/{number:int}  | rules version       | 303 303 403 403 403 403 200 200 200 200
GET  /desk/rules/new                    |                     | 303 303 403 403 403 403 403 403 200 200
GET  /desk/rules/{key:uuid}             | rule                | 303 303 403 403 403 403 403 403 200 200
GET  /desk/rules/tests/{id:int}         | rules test          | 303 303 403 403 403 403 403 403 200 200
GET  /desk/rules.json                   |                     | 401 403 403 403 403 403 200 200 200 200
PUT  /desk/rules.json                   |                     | 401 403 403 403 403 403 403 403 422 422
POST /desk/rules/new                    |                     | 401 401 403 403 403 403 403 403 422 422
POST /desk/rules/publish                |                     | 401 401 403 403 403 403 403 403 409 409
POST /desk/rules/discard                |                     | 401 401 403 403 403 403 403 403 409 409
POST /desk/rules/tests                  |                     | 401 401 403 403 403 403 403 403 303 303
POST /desk/rules/versions/{number:int}/restore | rules version | 401 401 403 403 403 403 403 403 409 409
POST /desk/rules/{key:uuid}             | rule                | 401 401 403 403 403 403 403 403 422 422
POST /desk/rules/{key:uuid}/move        | rule                | 401 401 403 403 403 403 403 403 409 409
POST /desk/rules/{key:uuid}/switch      | rule                | 401 401 403 403 403 403 403 403 409 409
POST /desk/rules/{key:uuid}/remove      | rule                | 401 401 403 403 403 403 403 403 409 409
GET  /desk/tickets/{ref}/deadlines      | own ticket          | 303 303 403 403 403 403 200 200 200 200
GET  /desk/tickets/{ref}/deadlines      | restricted ticket   | 303 303 403 403 403 403 404 200 200 200
POST /desk/tickets/{ref}/deadlines      | own ticket          | 401 401 403 403 403 403 403 403 422 422
GET  /desk/tickets/{ref}/why            | own ticket          | 303 303 403 403 403 403 200 200 200 200
GET  /desk/tickets/{ref}/why            | restricted ticket   | 303 303 403 403 403 403 404 200 200 200
GET  /desk/chats/{id:int}/transfer      | chat                | 303 303 403 403 403 403 200 200 200 200
POST /desk/chats/{id:int}/draft         | chat                | 401 403 403 403 403 403 422 422 422 422
POST /desk/chats/{id:int}/messages      | chat                | 401 403 403 403 403 403 422 422 422 422
POST /desk/chats/{id:int}/ask           | chat                | 401 403 403 403 403 403 409 409 409 409
GET  /desk/settings                     |                     | 303 303 403 403 403 403 200 200 200 200
POST /desk/settings                     |                     | 401 401 403 403 403 403 303 303 303 303
POST /desk/settings/keys                |                     | 401 403 403 403 403 403 200 200 200 200
GET  /desk/palette                      |                     | 401 403 403 403 403 403 200 200 200 200
GET  /desk/names                        |                     | 401 403 403 403 403 403 200 200 200 200
GET  /desk/replies                      |                     | 303 303 403 403 403 403 200 200 200 200
GET  /desk/replies/new                  |                     | 303 303 403 403 403 403 200 200 200 200
POST /desk/replies/new                  |                     | 401 401 403 403 403 403 422 422 422 422
GET  /desk/replies/offered              |                     | 401 403 403 403 403 403 200 200 200 200
GET  /desk/replies/{id:int}             | reply               | 303 303 403 403 403 403 200 200 200 200
GET  /desk/replies/{id:int}             | her reply           | 303 303 403 403 403 403 200 404 404 404
POST /desk/replies/{id:int}             | reply               | 401 401 403 403 403 403 422 422 422 422
POST /desk/replies/{id:int}             | her reply           | 401 401 403 403 403 403 422 404 404 404
POST /desk/replies/{id:int}/away        | reply               | 401 401 403 403 403 403 403* 403* 409 409
POST /desk/replies/{id:int}/away        | her reply           | 401 401 403 403 403 403 409 404 404 404
GET  /desk/replies/{id:int}/filled      | reply               | 401 403 403 403 403 403 404 404 404 404
POST /desk/replies/{id:int}/used        | reply               | 401 403 403 403 403 403 422 422 422 422
GET  /desk/notices                      |                     | 303 303 403 403 403 403 200 200 200 200
POST /desk/notices                      |                     | 401 401 403 403 403 403 303 303 303 303
GET  /desk/incidents                    |                     | 303 303 403 403 403 403 403 403 200 200
GET  /desk/incidents/{id:int}           | incident            | 303 303 403 403 403 403 403 403 200 200
POST /desk/incidents/{id:int}/confirm   | incident            | 401 401 403 403 403 403 403 403 422 422
POST /desk/incidents/{id:int}/updates   | incident            | 401 401 403 403 403 403 403 403 422 422
POST /desk/incidents/{id:int}/resolve   | incident            | 401 401 403 403 403 403 403 403 422 422
POST /desk/incidents/{id:int}/link      | incident            | 401 401 403 403 403 403 403 403 409 409
POST /desk/incidents/{id:int}/dismiss   | incident            | 401 401 403 403 403 403 403 403 303 303
GET  /desk/escalations                  |                     | 303 303 403 403 403 403 403 403 200 200
GET  /desk/escalations/counts           |                     | 303 303 403 403 403 403 403 403 200 200
GET  /desk/escalations/{id:int}         | escalation          | 303 303 403 403 403 403 403 403 200 200
GET  /desk/escalations/{id:int}/similar | escalation          | 303 303 403 403 403 403 403 403 200 200
GET  /desk/escalations/rules            |                     | 303 303 403 403 403 403 403 403 200 200
POST /desk/escalations/rules            |                     | 401 401 403 403 403 403 403 403 422 422
POST /desk/escalations/next             |                     | 401 401 403 403 403 403 403 403 303 303
POST /desk/escalations/preview          |                     | 401 401 403 403 403 403 403 403 422 422
POST /desk/escalations/preview-note  |                     | 401 401 403 403 403 403 403 403 422 422
POST /desk/escalations/preview-dates |                     | 401 401 403 403 403 403 403 403 422 422
POST /desk/escalations/note          |                     | 401 401 403 403 403 403 403 403 422 422
POST /desk/escalations/dates         |                     | 401 401 403 403 403 403 403 403 422 422
POST /desk/escalations/assign           |                     | 401 401 403 403 403 403 403 403 422 422
POST /desk/escalations/raise            |                     | 401 401 403 403 403 403 403 403 422 422
POST /desk/escalations/undo             |                     | 401 401 403 403 403 403 403 403 409 409
POST /desk/escalations/{id:int}/take    | escalation          | 401 401 403 403 403 403 403 403 303 409
POST /desk/escalations/{id:int}/give    | escalation          | 401 401 403 403 403 403 403 403 422 422
POST /desk/escalations/{id:int}/level   | escalation          | 401 401 403 403 403 403 403 403 422 422
POST /desk/escalations/{id:int}/extend  | escalation          | 401 401 403 403 403 403 403 403 422 422
POST /desk/escalations/{id:int}/decide  | escalation          | 401 401 403 403 403 403 403 403 422 422
POST /desk/escalations/{id:int}/return  | escalation          | 401 401 403 403 403 403 403 403 422 422
POST /desk/tickets/{ref}/escalate       | restricted ticket   | 401 401 403 403 403 403 404 422 422 422
POST /desk/tickets/{ref}/escalation/take | her ticket         | 401 401 403 403 403 403 409 409 303 409
POST /desk/tickets/{ref}/escalation/decide | her ticket       | 401 401 403 403 403 403 422 422 422 422
POST /desk/tickets/{ref}/escalation/return | her ticket       | 401 401 403 403 403 403 422 422 422 422
POST /desk/escalations/{id:int}/put-back | escalation         | 401 401 403 403 403 403 403 403 303 303
POST /requests/{ref}/escalate           | own ticket          | 401 404 422 404 404 404 403 403 403 403
POST /requests/{ref}/escalate           | restricted ticket   | 401 404 404 422 404 404 403 403 403 403
GET  /requests/{ref}/solved-for-you     | own ticket          | 303 404 200 404 404 404 403 403 403 403
POST /requests/{ref}/solved-for-you     | own ticket          | 401 404 422 404 404 404 403 403 403 403
GET  /requests/{ref}/solved-for-you     | restricted ticket   | 303 404 404 200 404 404 403 403 403 403
POST /requests/{ref}/solved-for-you     | restricted ticket   | 401 404 404 422 404 404 403 403 403 403
GET  /solved/{token}                    | no link             | 404 404 404 404 404 404 404 404 404 404
POST /solved/{token}                    | no link             | 404 404 404 404 404 404 404 404 404 404

GET  /desk/triage                       |                     | 303 303 403 403 403 403 403 403 200 200
GET  /desk/calendars                    |                     | 303 303 403 403 403 403 200 200 200 200
GET  /desk/calendars/{key}              | calendar            | 303 303 403 403 403 403 200 200 200 200
POST /desk/calendars/{key}/week         | calendar            | 401 401 403 403 403 403 403 403 422 422
POST /desk/calendars/{key}/weeks/{id:int}/withdraw | no week  | 401 401 403 403 403 403 403 403 404 404
POST /desk/calendars/{key}/days         | calendar            | 401 401 403 403 403 403 403 403 422 422
POST /desk/calendars/{key}/days/{id:int}/open | no week       | 401 401 403 403 403 403 403 403 303 303
POST /desk/calendars/{key}/sources      | calendar            | 401 401 403 403 403 403 403 403 422 422
POST /desk/calendars/{key}/sources/{id:int}/remove | no week  | 401 401 403 403 403 403 403 403 404 404
GET  /desk/absences                     |                     | 303 303 403 403 403 403 200 200 200 200
POST /desk/absences                     |                     | 401 401 403 403 403 403 422 422 422 422
POST /desk/absences/{id:int}/end        | no week             | 401 401 403 403 403 403 404 404 404 404
GET  /desk/sla                          |                     | 303 303 403 403 403 403 403 403 200 200
POST /desk/sla/publish                  |                     | 401 401 403 403 403 403 403 403 409 409
POST /desk/sla/discard                  |                     | 401 401 403 403 403 403 403 403 303 303
GET  /desk/sla/targets/{key}            | target              | 303 303 403 403 403 403 403 403 200 200
POST /desk/sla/targets/{key}            | target              | 401 401 403 403 403 403 403 403 422 422
POST /desk/sla/targets/{key}/remove     | target              | 401 401 403 403 403 403 403 403 409 409
GET  /desk/triage/severity              |                     | 303 303 403 403 403 403 403 403 200 200
POST /desk/triage/severity              |                     | 401 401 403 403 403 403 403 403 409 409
POST /desk/triage/severity/publish      |                     | 401 401 403 403 403 403 403 403 409 409
POST /desk/triage/severity/discard      |                     | 401 401 403 403 403 403 403 403 303 303
GET  /desk/reports                      |                     | 303 303 403 403 403 403 403 403 303 303
GET  /desk/reports/{report}             | report              | 303 303 403 403 403 403 403 403 200 200
GET  /desk/reports/{report}/download    | report              | 303 303 403 403 403 403 403 403 200 200
GET  /desk/dashboard                    |                     | 303 303 403 403 403 403 403 403 200 200
GET  /desk/dashboard/definitions        |                     | 303 303 403 403 403 403 403 403 200 200
GET  /desk/dashboard/lists/{key}        | figure              | 303 303 403 403 403 403 403 403 200 200
GET  /desk/dashboard/lists/{key}/download | figure            | 303 303 403 403 403 403 403 403 200 200
GET  /desk/dashboard/tables/{key}/download | figures' table   | 303 303 403 403 403 403 403 403 200 200
POST /account/weekly-figures            |                     | 401 401 403 403 403 403 403 403 303 303

GET  /admin/mailbox                     |                     | 303 303 403 403 403 403 403 403 403 200
GET  /admin/mailbox/{id:int}            | mail                | 303 303 403 403 403 403 403 403 403 200

GET  /guest/{token}                     | guest link          | 303 303 200 200 200 200 200 200 200 200
GET  /guest/{token}                     | no link             | 404 404 404 404 404 404 404 404 404 404
GET  /reset-password/{token}            | reset link          | 200 200 200 200 200 200 200 200 200 200
GET  /reset-password/{token}            | confirm link        | 404 404 404 404 404 404 404 404 404 404
GET  /confirm-email/{token}             | confirm link        | 200 200 200 200 200 200 200 200 200 200
GET  /confirm-email/{token}             | reset link          | 404 404 404 404 404 404 404 404 404 404
POST /guest/{token}                     | no link             | 404 404 404 404 404 404 404 404 404 404
POST /reset-password/{token}            | reset link          | 422 422 422 422 422 422 422 422 422 422
POST /reset-password/{token}            | guest link          | 404 404 404 404 404 404 404 404 404 404
POST /confirm-email/{token}             | confirm link        | 422 422 422 422 422 422 422 422 422 422
POST /confirm-email/{token}             | guest link          | 404 404 404 404 404 404 404 404 404 404
POST /sign-in                           |                     | 422 422 422 422 422 422 422 422 422 422
POST /register                          |                     | 422 422 422 422 422 422 422 422 422 422
POST /reset-password                    |                     | 422 422 422 422 422 422 422 422 422 422
POST /testing/clock                     |                     | 422 422 422 422 422 422 422 422 422 422

GET  /account                           |                     | 303 303 200 200 200 200 200 200 200 200
POST /account/time-zone                 |                     | 401 401 422 422 422 422 422 422 422 422
POST /account/languages                 |                     | 401 401 403 403 403 403 422 422 422 422
POST /account/password                  |                     | 401 401 422 422 422 422 422 422 422 422
POST /account/tokens                    |                     | 401 401 422 422 422 422 422 422 422 422
POST /account/tokens/{id:int}/revoke    | api token           | 401 401 303 404 404 404 404 404 404 404
POST /account/sessions/{id:int}/end     | session             | 401 401 303 404 404 404 404 404 404 404
POST /account/sessions/end-others       |                     | 401 401 303 303 303 303 303 303 303 303
POST /guest-link/stop                   |                     | 401 303 303 303 303 303 403 403 403 403
POST /sign-out                          |                     | 303 303 303 303 303 303 303 303 303 303
"""  # noqa: E501


@dataclass(frozen=True)
class Cell:
    method: str
    route: str
    object: str
    who: str
    status: int
    tells: bool  # a refusal that may show that the thing is there

    def __str__(self) -> str:
        return f"{self.who}: {self.method} {self.route} ({self.object})"

    @property
    def place(self) -> tuple[str, str, str]:
        return self.method, self.route, self.who

    @property
    def refused(self) -> bool:
        signs_in = self.method == "GET" and self.status == 303 and self.guarded
        signs_in = signs_in and self.who in ("nobody", "gus")
        return self.status in (401, 403, 404) or signs_in

    @property
    def guarded(self) -> bool:
        """Whoever may not see the page is sent to sign in."""
        return self.route.startswith(
            ("/requests", "/reports", "/evidence", "/desk", "/admin", "/account")
        )


def read_table() -> list[Cell]:
    cells = []
    for line in TABLE.strip().splitlines()[1:]:
        if not line.strip():
            continue
        asked, object, statuses = (part.strip() for part in line.split("|"))
        method, route = asked.split()
        given = statuses.split()
        assert len(given) == len(ACTORS), line
        for who, status in zip(ACTORS, given, strict=True):
            number = int(status.removesuffix("*"))
            cells.append(Cell(method, route, object, who, number, status.endswith("*")))
    return cells


CELLS = read_table()


def objects(world: World) -> dict[str, dict[str, Any]]:
    """What stands in the address, or in the form, for everything the table names."""

    def ticket(filed: Any) -> dict[str, Any]:
        return {"ref": filed.reference, "reference": filed.reference}

    return {
        "": {},
        "own ticket": ticket(world.own),
        "her ticket": ticket(world.hers),
        "restricted ticket": ticket(world.restricted),
        "guest's ticket": ticket(world.guests),
        "its request": {**ticket(world.restricted), "request_id": world.asked_restricted},
        "log": {"id": world.log.id},
        "picture": {"id": world.picture.id},
        "private piece": {"id": world.private.id},
        "her private piece": {"id": world.her_private.id},
        "chat": {"id": world.chat.id},
        "widget": {"key": world.widget.key},
        "widget, chat": {"key": world.widget.key, "id": world.chat.id},
        "widget, picture": {"key": world.widget.key, "id": world.picture.id},
        "widget's page": {"id": world.widget.id},
        "its key": {"id": world.widget.id, "number": FAR},
        "line": {"key": "PAY"},
        "agent": {"id": world.cast.tess.id},
        "her chat": {"id": world.her_chat.id},
        "draft": {"draft": world.draft},
        "upload": {"id": world.upload},
        "for his draft": {"draft": world.draft},
        "for his case": {"case": world.own.case_id},
        "under his id": {"upload": world.upload},
        "guest link": {"token": world.guest_token},
        "reset link": {"token": world.reset_token},
        "confirm link": {"token": world.confirm_token},
        "no link": {"token": "x" * 43},
        "rating link": {"token": world.rating_token},
        "report": {"report": "coverage"},
        "figure": {"key": "arrived"},
        "figures' table": {"key": "hours"},
        "alert": {"id": world.alert},
        "clients' alert": {"id": world.clients_alert},
        "incident": {"id": world.incident},
        "escalation": {"id": world.escalation},
        "alert link": {"token": world.alert_token},
        "reply": {"id": world.reply},
        "her reply": {"id": world.her_reply},
        "article": {"slug": world.article.slug},
        "article to edit": {"id": world.article.id},
        "no picture": {"id": "ab" * 32},
        "topic": {"key": "paying"},
        "rule": {"key": world.rule},
        "rules version": {"number": RULES_VERSION},
        "rules test": {"id": world.rules_test},
        "calendar": {"key": "PAY"},
        "no week": {"key": "PAY", "id": FAR},
        "target": {"key": "first_response_normal"},
        "mail": {"id": world.mail},
        "session": {"id": world.session},
        "api token": {"id": world.api_token},
    }


def absent(values: dict[str, Any]) -> dict[str, Any]:
    """The same kind of thing, that nobody has."""
    made: dict[str, Any] = {}
    for name, value in values.items():
        if name in ("ref", "reference"):
            made[name] = reference(FAR)
        elif isinstance(value, int):
            made[name] = value + FAR
        elif name == "token":
            made[name] = "y" * len(value)
        else:
            made[name] = uuid4()
    return made


def sent_with(cell: Cell, values: dict[str, Any]) -> dict[str, Any]:
    """As little as a route can be asked with: what is let in is refused for its content."""
    if cell.method == "GET":
        return {}
    if cell.route in ("/uploads", "/api/v1/uploads"):
        fields = {"id": str(values.get("upload", uuid4()))}
        fields |= {name: str(values[name]) for name in ("draft", "case") if name in values}
        return {"data": fields, "files": {"file": ("a.png", samples.png())}}
    if cell.route.startswith("/api/v1/tickets"):
        return {"json": {"body": "From a program"} if values else {"type": "no-such-type"}}
    if cell.route == "/testing/clock":
        return {"json": {}}
    if cell.route.endswith("/evidence"):
        return {"data": {"upload": str(uuid4())}}
    return {"data": {"draft": str(values["draft"])} if "draft" in values else {}}


async def ask(world: World, cell: Cell, values: dict[str, Any]) -> httpx2.Response:
    if "token" in values:  # those who try many are told to wait
        await world.cast.desk.pool.execute("DELETE FROM throttles")
    path = address_of(cell, values)
    return await world.browsers[cell.who].request(cell.method, path, **sent_with(cell, values))


def address_of(cell: Cell, values: dict[str, Any]) -> str:
    path = cell.route
    for name, value in values.items():
        for kind in ("", ":int", ":uuid"):
            path = path.replace(f"{{{name}{kind}}}", str(value))
    assert "{" not in path, cell
    return path


@pytest.fixture
async def world(cast: Cast, site: str) -> AsyncIterator[World]:
    built = await build(cast, site)
    yield built
    await built.close()


async def answers(world: World, cells: list[Cell]) -> list[httpx2.Response]:
    """In their order, one row of the table at a time."""
    known, found = objects(world), []
    for start in range(0, len(cells), len(ACTORS)):
        row = cells[start : start + len(ACTORS)]
        found += await asyncio.gather(*(ask(world, cell, known[cell.object]) for cell in row))
    return found


def wrong(cells: list[Cell], found: list[httpx2.Response]) -> list[str]:
    return [
        f"{cell}: {answer.status_code} instead of {cell.status}"
        for cell, answer in zip(cells, found, strict=True)
        if answer.status_code != cell.status
    ]


def test_the_table_names_every_route(settings: Settings) -> None:
    routes = set()
    for route in all_routes(settings):
        if isinstance(route, Mount | WebSocketRoute):
            assert route.path in OPEN | SOCKETS, route.path
        elif isinstance(route, Route) and route.path not in OPEN:
            assert hasattr(route.endpoint, "can"), route.path
            routes |= {(method, route.path) for method in (route.methods or set()) - {"HEAD"}}
    assert {(cell.method, cell.route) for cell in CELLS} == routes


async def test_what_is_refused_looks_as_if_it_were_not_there_and_changes_nothing(
    world: World,
) -> None:
    before = await contents(world.cast.desk)
    cells = [cell for cell in CELLS if cell.refused]
    got = await answers(world, cells)
    found, known = wrong(cells, got), objects(world)
    places = {cell.place: cell for cell in cells if cell.object and not cell.tells}
    others = {place: absent(known[cell.object]) for place, cell in places.items()}
    asked = [(place, ask(world, cell, others[place])) for place, cell in places.items()]
    nothing = {}
    for start in range(0, len(asked), 10):
        some = asked[start : start + 10]
        told = await asyncio.gather(*(request for _, request in some))
        for (place, _), answer in zip(some, told, strict=True):
            nothing[place] = plain(answer, *others[place].values())
    for cell, answer in zip(cells, got, strict=True):
        shown = plain(answer, *known[cell.object].values())
        if cell.object and not cell.tells and shown != nothing[cell.place]:
            found.append(f"{cell}: differs from one that is absent")
    after = await contents(world.cast.desk)
    before.pop("evidence_reads"), after.pop("evidence_reads")  # refusals are recorded
    assert not found, "\n".join(found)
    assert after == before


async def test_everybody_sees_what_they_may_and_seeing_changes_nothing(world: World) -> None:
    before = await contents(world.cast.desk)
    cells = [cell for cell in CELLS if cell.method == "GET" and not cell.refused]
    found = wrong(cells, await answers(world, cells))
    after = await contents(world.cast.desk)
    before.pop("evidence_reads"), after.pop("evidence_reads")  # so are readings
    assert not found, "\n".join(found)
    assert after == before


async def test_everybody_does_what_they_may(world: World) -> None:
    cells = [cell for cell in CELLS if cell.method != "GET" and not cell.refused]
    known = objects(world)
    found = wrong(cells, [await ask(world, cell, known[cell.object]) for cell in cells])
    assert not found, "\n".join(found)


async def test_nobody_takes_away_what_somebody_else_uploaded(world: World) -> None:
    """The answer is that of success, also for what never was: a page may ask twice."""
    remove = next(cell for cell in CELLS if cell.route.endswith("/remove"))
    for who in ACTORS:
        if who != "finn":
            path = remove.route.replace("{id:uuid}", str(world.upload))
            assert (await world.browsers[who].post(path)).status_code == 200
    kept = await world.browsers["finn"].get(f"/uploads/{world.upload}/thumbnail")
    assert kept.status_code == 200


async def test_a_thing_is_not_reached_through_another_one(world: World) -> None:
    """Of two tickets on one case, Amy may open one: what belongs to the other stays as it is."""
    amy, shared = world.browsers["amy"], world.own.reference
    await amy.post(f"/desk/tickets/{shared}/ask/{world.asked_restricted}/cancel")
    cancelled = "SELECT cancelled_at FROM evidence_requests WHERE id = $1"
    assert await world.cast.desk.pool.fetchval(cancelled, world.asked_restricted) is None
    await amy.post(f"/desk/tickets/{shared}/ask/{world.asked}/cancel")
    assert await world.cast.desk.pool.fetchval(cancelled, world.asked) is not None


async def test_a_foreign_upload_is_attached_nowhere(world: World) -> None:
    """Replays references to somebody else's file: in a message, a ticket, a chat, the console."""
    named = {"uploads": str(world.upload), "upload": str(world.upload), "body": "With a file"}
    for who, path in (
        ("cora", f"/requests/{world.hers.reference}/messages"),
        ("cora", f"/chat/{world.her_chat.id}/evidence"),
        ("tess", f"/desk/tickets/{world.own.reference}/evidence"),
        ("tess", f"/chat/{world.chat.id}/evidence"),
    ):
        answer = await world.browsers[who].post(path, data=named)
        assert answer.status_code in (409, 422), path
    ticket = {
        "type": "guidance",
        "subject": "How do I split a project?",
        "description": "I want to pay in three parts.",
        "files": [str(world.upload)],
    }
    answer = await world.browsers["cora"].post("/api/v1/tickets", json=ticket)
    assert answer.status_code == 422
    attached = "SELECT attached_at FROM uploads WHERE id = $1"
    assert await world.cast.desk.pool.fetchval(attached, world.upload) is None


async def test_a_form_changes_only_what_it_is_for(world: World) -> None:
    """Replays mass assignment: every column of a ticket, sent along with a message."""
    columns = ("id", "case_id", "side_id", "requester_id", "status", "severity", "group_id",
               "assignee_id", "restricted", "subject", "opened_at", "solved_at", "audience",
               "note", "mode", "role", "roles", "is_staff", "staff")  # fmt: skip
    query = "SELECT to_jsonb(t) - 'updated_at' - 'status' FROM tickets t WHERE id = $1"
    before = await world.cast.desk.pool.fetchval(query, world.own.ticket_id)
    sent = {"body": "Here it is", **dict.fromkeys(columns, "1"), "status": "closed"}
    path = f"/requests/{world.own.reference}/messages"
    assert (await world.browsers["finn"].post(path, data=sent)).status_code == 303
    assert await world.cast.desk.pool.fetchval(query, world.own.ticket_id) == before
    person = await world.cast.desk.pool.fetchval(
        "SELECT roles FROM people WHERE id = $1", world.cast.finn.id
    )
    assert person == ["freelancer"]
    program = {"body": "Here", "status": "closed", "restricted": True}
    answer = await world.browsers["finn"].post(
        f"/api/v1/tickets/{world.own.reference}/messages", json=program
    )
    assert answer.status_code == 422
