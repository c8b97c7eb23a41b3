"""Who speaks: whether a role, a label or a name in a conversation is the customer's. Pure: strings in, sides out.

Only customers have opinions to count; an agent's "great, glad to help" is not one. Every export names the two sides in
its own way, so a role is read by its words and not looked up as a whole: in "Customer Support" the last word decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from gistill.text import normalise

Side = Literal["customer", "company"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CUSTOMER = _words(
    "user users enduser customer customers client clients caller guest guests buyer human visitor consumer contact "
    "lead requester shopper patient passenger traveller traveler tenant resident member citizen "
    "inbound incoming received external reviewer complainant claimant submitter policyholder cardholder borrower "
    "renter subscriber requestor requestee rider diner parent student prospect "
    # German, French, Spanish, Italian, Portuguese, Dutch, Nordic, Polish, Czech, Turkish, Russian
    "kunde kundin kunden gast besucher besucherin anrufer anruferin käufer käuferin nutzer nutzerin benutzer patientin "
    "cliente clientes clienta clienti usuario usuaria utilisateur utilisatrice acheteur visiteur demandeur appelant "
    "comprador huésped visitante paciente utente acquirente ospite visitatore klant klanten koper bezoeker gebruiker "
    "kund gäst köpare bruker kjøper asiakas klient klientka zákazník müşteri kullanıcı клиент клиентка покупатель "
    "пользователь гость заказчик абонент"
)
_AUTOMATIC = _words("bot chatbot robot system workflow tool function automation auto automator ai model gpt")
_COMPANY = _AUTOMATIC | _words(
    "agent agents support assistant operator representative rep staff employee seller advisor adviser advisers "
    "admin administrator administrators assignee csr team teammate nurse doctor physician therapist hotel "
    "property host owner manager management shop store merchant vendor company outbound outgoing sent internal "
    "moderator helpdesk desk service services care success relations consultant specialist technician "
    "dispatcher dispatch reception receptionist concierge center centre developer clerk teller banker broker "
    "landlord courier driver supervisor executive associate response reply mitarbeiter mitarbeiterin berater "
    "beraterin kundenservice kundendienst kundenbetreuung kundenberater verkäufer verkäuferin händler "
    "betreiber hotelleitung conseiller conseillère conseillere vendeur vendeuse opérateur operateur assistance "
    "propriétaire agente agentes asesor asesora vendedor vendedora operador operadora soporte servicio "
    "atención atencion operatore operatrice venditore assistenza servizio supporto atendente atendimento "
    "suporte medewerker medewerkster verkoper klantenservice klantendienst säljare handläggare kundtjänst "
    "kundeservice selger asiakaspalvelu konsultant konsultantka sprzedawca obsługa prodejce podpora temsilci "
    "temsilcisi satıcı destek сотрудник оператор поддержка продавец менеджер бот консультант магазин владелец"
)
# The scripts without spaces, where a word is looked for inside the role; the company's words go first, as they may
# contain the customer's.
_COMPANY_PARTS = _words(
    "客服 卖家 賣家 商家 店主 店員 店员 机器人 機器人 系统 系統 助手 坐席 カスタマーサポート サポート オペレーター "
    "担当 スタッフ ボット 店舗 상담원 상담사 판매자 직원 관리자 챗봇 وكيل موظف الدعم النظام"
)
_CUSTOMER_PARTS = _words(
    "客户 客戶 顾客 顧客 用户 用戶 买家 買家 お客 ユーザー 利用者 고객 사용자 손님 구매자 العميل عميل زبون"
)
# "Service client", "Atención al cliente": where the head stands first, what comes last says whom it serves.
_HEADS = _words(
    "service servicio atención atencion servizio assistenza soporte suporte supporto atendimento agent agente "
    "equipo equipe équipe conseiller conseillère asesor asesora operador operatore relation relations"
)
_SERVED = _words("client clients cliente clientes clienti clientèle usuario usuarios")
_WORD = re.compile(r"[^\W\d_]+")
_GREETING = re.compile(
    r"\b(?:how (?:can|may|could) (?:i|we) (?:help|assist)|(?:thanks?|thank you) for (?:contacting|calling|reaching|"
    r"chatting|getting in touch|your (?:message|inquiry|enquiry|patience))|welcome to|you(?:'re| are) (?:speaking|"
    r"chatting|connected) (?:with|to)|(?:i|we)(?:'ll| will) be (?:happy|glad) to (?:help|assist)|"
    r"wie (?:kann|darf) ich (?:ihnen|dir)|was kann ich für|comment puis-je vous|en quoi puis-je|en qu[eé] (?:puedo|"
    r"podemos) ayudar|come posso aiutar|como posso ajudar|waarmee kan ik|чем (?:я )?могу (?:вам )?помочь)",
    re.IGNORECASE,
)


def side_of(role: str) -> Side | None:
    """Say whose words a role or label announces; None for one that says nothing, such as a first name or "1".

    >>> side_of("end-user"), side_of("Customer Support"), side_of("Visitor 8812"), side_of("Bella")
    ('customer', 'company', 'customer', None)
    """
    name = normalise(role)
    words: list[str] = _WORD.findall(name)
    known = [word for word in words if word in _CUSTOMER or word in _COMPANY]
    if known:
        served = known[-1] in _SERVED and len(words) > 1 and words[0] in _HEADS
        return "customer" if known[-1] in _CUSTOMER and not served else "company"
    if any(part in name for part in _COMPANY_PARTS):
        return "company"
    return "customer" if any(part in name for part in _CUSTOMER_PARTS) else None


def is_automatic(role: str) -> bool:
    """Say whether a role is a program's: a bot, the system."""
    words = _WORD.findall(normalise(role))
    return side_of(role) == "company" and bool(words) and not _AUTOMATIC.isdisjoint(words)


def of_customers(turns: Sequence[tuple[str, str]]) -> list[bool]:
    """Say which turns of a conversation are the customer's.

    Where a role names the customer, the turns of such roles are. Where none does but the company's people are named,
    every other role is, because many exports write the customer's name in its place. Where roles say nothing (two first
    names, "1" and "2", or names beside a bot), the customer is who opens; who begins with "How can I help you?" does
    not open, but answers.

    Args:
        turns: Role and words of each turn, in order.

    Returns:
        As many truth values as turns; all are false where everything is the company's.
    """
    sides = [side_of(role) for role, _ in turns]
    if "customer" in sides:
        return [side == "customer" for side in sides]
    unknown = [place for place, side in enumerate(sides) if side is None]
    people = any(side and not is_automatic(role) for side, (role, _) in zip(sides, turns, strict=True))
    if people or not unknown:
        return [side is None for side in sides]
    names = [normalise(role) for role, _ in turns]
    openers = [names[place] for place in unknown]
    answering = {names[place] for place in reversed(unknown) if _GREETING.search(turns[place][1])}
    opener = next((name for name in openers if name not in answering), openers[0])
    return [side is None and name == opener for side, name in zip(sides, names, strict=True)]


_DIRECTIONS = _words("inbound incoming isinbound fromcustomer iscustomer isuser fromuser isincoming")
_REVERSED = _words("outbound outgoing isoutbound isagent fromagent isbot isadmin isstaff fromstaff isoutgoing")
_YES, _NO = frozenset(["true", "t", "yes", "y", "1", "1.0"]), frozenset(["false", "f", "no", "n", "0", "0.0"])
_HEADERS = _words(
    "role from speaker sender sendertype senderrole author authortype authorrole participant participanttype "
    "direction messagedirection usertype persontype speakerrole sentby writtenby rolle absender sprecher "
    "expediteur emetteur remitente mittente remetente afzender роль отправитель 角色 发送者 发言人 発言者 話者"
)

_NAMES = frozenset({"author", "from", "writtenby", "sentby"})  # where one strange name is no company


def role_in_cell(header: str, cell: str) -> str:
    """Give the role that a cell of a speaker column means: "true" under "inbound" is "customer", else the cell.

    >>> role_in_cell("inbound", "False"), role_in_cell("sender", "End-user")
    ('agent', 'End-user')
    """
    name, value = _squeezed(header), normalise(cell)
    if name in _DIRECTIONS | _REVERSED and value in _YES | _NO:
        return "customer" if (value in _YES) == (name in _DIRECTIONS) else "agent"
    return cell.strip()


def are_speakers(header: str, cells: Sequence[str]) -> bool:
    """Say whether a column says who speaks in its row: some cells name the customer and some the company.

    A column of job titles names the company's people alone, and one of customers' kinds ("member", "guest") the
    customers alone: neither tells two sides apart.

    Args:
        header: The column's name; a usual one ("sender", "direction") lets first names stand beside a named side.
        cells: Some of its cells; blank ones count for nothing.
    """
    filled = [role_in_cell(header, cell) for cell in cells if cell.strip()]
    if not filled or max(map(len, filled)) > 60:
        return False
    sides = [side_of(role) for role in filled]
    known = len(sides) - sides.count(None)
    usual = _squeezed(header) in _HEADERS | _DIRECTIONS | _REVERSED
    if {"customer", "company"} <= set(sides):
        return known >= (0.3 if usual else 0.9) * len(sides)
    return usual and _squeezed(header) not in _NAMES and "company" in sides and known < len(sides)


def _squeezed(header: str) -> str:
    return "".join(character for character in normalise(header) if character.isalnum())
