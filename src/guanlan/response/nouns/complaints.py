"""What the policy says of complaints.

Customer service handles them; compliance and owners of risks also approve more time and are told
of what is escalated. A key of a gateway brings complaints and sees those that it brought.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from guanlan.core.access import register_noun
from guanlan.core.audit.acts import declare_acts
from guanlan.response.nouns.roles import INFORMED, RESPONDERS, REVEALS, each

_ALL: Final = (*RESPONDERS, *INFORMED)
_HANDLING: Final = ("customer_service", "compliance_officer", "risk_owner")
_LEADING: Final = ("compliance_officer", "risk_owner")


def declare() -> None:
    """Register the nouns, and name what is done with them."""
    declare_acts(
        {
            "complaint.assign": _("Give a complaint to a person"),
            "complaint.close": _("Close a complaint"),
            "complaint.complex": _("Find a complaint complex"),
            "complaint.customer": _("Take in what a customer wrote again"),
            "complaint.delivery": _("Write down what became of a reply"),
            "complaint.distinct": _("Find a complaint to be another than that it is like"),
            "complaint.duplicate": _("Find a complaint to be the same as another"),
            "complaint.extend": _("Decide on more time for a complaint"),
            "complaint.extend_ask": _("Ask for more time for a complaint"),
            "complaint.forget": _("Forget which letters and calls were seen"),
            "complaint.import": _("Take in a file of complaints"),
            "complaint.label": _("Change the labels of a complaint"),
            "complaint.rate": _("Rate how a complaint was dealt with"),
            "complaint.remind": _("Remind of a complaint that is due"),
            "complaint.reopen": _("Open a complaint again"),
            "complaint.reply": _("Reply to a complaint"),
            "complaint.take": _("Take in a complaint"),
            "complaint.tie": _("Tie a complaint to an incident"),
            "complaint.told": _("Record that the customer was told the outcome"),
            "complaint.triage": _("Sort a complaint"),
            "complaintcategory.save": _("Make or change a category of complaints"),
            "complaintterms.add": _("Put time limits for complaints in force"),
            "complaintletter.discard": _("Discard a letter that was not understood"),
            "complaintletter.keep": _("Keep a letter that is not understood"),
            "complaintletter.take": _("Take a letter in after all"),
            "gateway.call": _("Take a call of a gateway"),
            "gateway.renew": _("Make another secret of a gateway"),
            "gateway.save": _("Set up a gateway of complaints"),
            "mailbox.begin": _("Begin to read a mailbox"),
            "mailbox.fault": _("Find that a mailbox fails, or works again"),
            "mailbox.save": _("Set up a mailbox of complaints"),
            "replytemplate.save": _("Make or change a text that answers complaints"),
        }
    )
    register_noun(
        "response.complaint",
        _("Complaints"),
        level=3,
        verbs="see add change approve export reveal",
        rights=each(_ALL)
        | each(("communications", "privacy_officer"), "see change")
        | {
            "customer_service": "see add change export",
            "compliance_officer": "see add change approve export",
            "risk_owner": "see add change approve export",
            "key complaints:write": "see add",
        },
        reveals=REVEALS,
    )
    for noun, title in (
        ("response.complaintcategory", _("Categories of complaints")),
        ("response.replytemplate", _("Texts that answer complaints")),
    ):
        register_noun(
            noun,
            title,
            verbs="see add change export",
            rights=each(_ALL) | each(_HANDLING, "see add change export"),
        )
    for noun, title in (
        ("response.mailbox", _("Mailboxes of complaints")),
        ("response.complaintgateway", _("Gateways of complaints")),
    ):
        register_noun(
            noun,
            title,
            level=4,
            verbs="see add change export",
            rights=each(("customer_service", "compliance_officer", "security_engineer"))
            | each(("administrator", "operations"), "see add change export"),
        )
    register_noun(
        "response.complaintletter",
        _("Letters that could not be understood"),
        level=3,
        verbs="see change export",
        rights=each((*_HANDLING, "operations", "security_engineer"), "see change export"),
    )
    register_noun(
        "response.complaintterms",
        _("Time limits for complaints"),
        verbs="see add export",
        rights=each(_ALL) | each(_LEADING, "see add export"),
    )
