"""The contract, for every system that is built in.

Protection removed once: noticing pages and redirects whose status says that all is well. Caught by the tests of answers
to a write that are none, and of updates whose answer is a page, for NetSuite, whose updates passed for saved.

Few calls. Taken away once, each caught by the test of a thousand records (r) or of orders (o):

| system     | what                                                                                              |
|------------|---------------------------------------------------------------------------------------------------|
| salesforce | five collections (r), or five queries (r, o), in a composite call                                 |
| hubspot    | rows of the last moment left out of the next search (r), associations of 1,000 changes at once (o) |
| netsuite   | batches of 100 (r, o), the first look at a job by what the last one took (r)                      |
| odoo       | imports of 200 (r, o), records that are found by their keys not asked for them (r)                |
| tryton     | 200 sales given their key at once (o); half a page was caught by the test of several pages        |
"""

from crmerp_assets.contract.suite import *  # noqa: F403
