"""NET-3, INV-3: mail goes where MAIL_URL says, over TLS unless loopback or told otherwise, each debt one file."""

from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from provisioning.settings import is_loopback
from tests.doors.mail import MailFolder
from workers.jobs.owed import PaymentFault
from workers.mailer import Mail, MaildirMailer, MailUrlError, SmtpMailer, open_mailer


def mail(name: str = "0192-a", recipient: str = "dana@acme.example") -> Mail:
    message = EmailMessage(policy=SMTP)
    message["From"] = "no-reply@example.com"
    message["To"] = recipient
    message["Message-ID"] = f"<{name}@example.com>"
    message.set_content("Hello\n")
    return Mail(name, "no-reply@example.com", recipient, message.as_bytes())


def send(mailer, *mails: Mail) -> None:
    with mailer.open() as post:
        for each in mails:
            post.send(each)


def url(server, scheme: str = "smtp", credentials: str = "", query: str = "") -> str:
    return f"{scheme}://{credentials}{server.host}:{server.port}{query}"


# --- the Maildir ---


@pytest.fixture
def maildir(tmp_path) -> MaildirMailer:
    return MaildirMailer(tmp_path / "deep" / "mail")


@pytest.mark.rule("INV-3")
def test_mail_is_one_whole_file_in_new_and_a_repeat_is_no_second_one(maildir):
    send(maildir, mail(), mail())
    send(maildir, mail())
    assert [file.name for file in (maildir.folder / "new").iterdir()] == ["0192-a.gatelodge"]
    assert list((maildir.folder / "tmp").iterdir()) == []
    (found,) = MailFolder(maildir.folder).all()
    assert found.message_id == "<0192-a@example.com>"


@pytest.mark.rule("INV-3")
def test_mail_that_was_read_and_moved_is_not_written_again(maildir):
    send(maildir, mail())
    (maildir.folder / "new" / "0192-a.gatelodge").rename(maildir.folder / "cur" / "0192-a.gatelodge:2,S")
    send(maildir, mail())
    assert list((maildir.folder / "new").iterdir()) == []


@pytest.mark.rule("INV-3")
def test_draft_that_a_crash_left_does_not_stand_in_the_way(maildir):
    send(maildir)
    for process in ("1", "2"):
        (maildir.folder / "tmp" / f"0192-a.gatelodge.{process}").write_text("half a m")
    send(maildir, mail())
    assert MailFolder(maildir.folder).all()[0].text == "Hello\n"


def test_files_are_readable_by_their_owner_alone(maildir):
    send(maildir, mail())
    assert (maildir.folder / "new" / "0192-a.gatelodge").stat().st_mode & 0o777 == 0o600


def test_folder_that_cannot_be_made_is_a_fault_without_its_name(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PaymentFault) as fault:
        send(MaildirMailer(tmp_path / "file"), mail())
    assert (str(fault.value), fault.value.permanent) == ("maildir_not_writable", False)


# --- the URL ---


@pytest.mark.rule("NET-3")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("smtp://mail.example.com", ("mail.example.com", 587, "starttls", "", "")),
        ("smtp://mail.example.com:25?tls=none", ("mail.example.com", 25, "none", "", "")),
        ("smtp://u%40x:p%3Aw@mail.example.com", ("mail.example.com", 587, "starttls", "u@x", "p:w")),
        ("smtps://u:p@mail.example.com", ("mail.example.com", 465, "implicit", "u", "p")),
        ("smtps://mail.example.com?tls=none", ("mail.example.com", 465, "implicit", "", "")),
        ("smtp://127.0.0.1:1025", ("127.0.0.1", 1025, "none", "", "")),
        ("smtp://u:p@localhost:1025", ("localhost", 1025, "none", "u", "p")),
        ("smtp://localhost:1025?tls=required", ("localhost", 1025, "starttls", "", "")),
        ("smtp://[::1]:1025", ("::1", 1025, "none", "", "")),
    ],
)
def test_url_says_where_and_how(text, expected):
    mailer = open_mailer(text, is_loopback)
    assert isinstance(mailer, SmtpMailer)
    assert (mailer.host, mailer.port, mailer.tls, mailer.user, mailer.password) == expected
    assert "p:w" not in repr(mailer)


@pytest.mark.rule("NET-3", "OPS-1")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "mail.example.com",
        "http://mail.example.com",
        "maildir:relative/folder",
        "maildir://host/folder",
        "smtp://",
        "smtp://mail.example.com/folder",
        "smtp://mail.example.com:port",
        "smtp://mail.example.com:99999",
        "smtp://mail.example.com?tls=maybe",
        "smtp://mail.example.com?tls",
        "smtp://user:secret@mail.example.com?tls=none",
        "smtp://[::1",
    ],
)
def test_url_that_cannot_be_used_is_refused_without_quoting_it(text):
    with pytest.raises(MailUrlError) as refused:
        open_mailer(text, is_loopback)
    assert "secret" not in str(refused.value)


def test_maildir_url_may_hold_blanks():
    assert open_mailer("maildir:/var/my%20mail", is_loopback) == MaildirMailer(Path("/var/my mail"))


# --- SMTP ---


def test_plain_smtp_on_loopback_takes_all_mails_of_a_job_over_one_connection(smtp_server):
    send(open_mailer(url(smtp_server()), is_loopback), mail("a"), mail("b"))
    (server,) = smtp_server.made
    assert [taken["recipients"] for taken in server.taken] == [["dana@acme.example"]] * 2
    assert server.taken[0]["sender"] == "no-reply@example.com"
    assert b"Message-ID: <a@example.com>" in server.taken[0]["content"]
    assert server.connections == 1


@pytest.mark.rule("NET-3")
def test_required_tls_is_used_and_the_password_travels_inside_it(smtp_server, trusted_authority):
    server = smtp_server(starttls=True, login=("gate", "s3cret"))
    send(open_mailer(url(server, credentials="gate:s3cret@", query="?tls=required"), is_loopback), mail())
    assert server.taken[0]["tls"] is True
    assert server.logins == [("gate", True)]


@pytest.mark.rule("NET-3")
def test_tls_from_the_first_byte(smtp_server, trusted_authority):
    server = smtp_server(implicit=True)
    send(open_mailer(url(server, "smtps"), is_loopback), mail())
    assert len(server.taken) == 1


@pytest.mark.rule("NET-3")
def test_server_without_tls_gets_no_mail_where_tls_is_required(smtp_server):
    server = smtp_server()
    with pytest.raises(PaymentFault) as fault:
        send(open_mailer(url(server, query="?tls=required"), is_loopback), mail())
    assert (fault.value.word, fault.value.permanent) == ("smtp_without_tls_or_login", False)
    assert server.taken == []


@pytest.mark.rule("NET-3")
@pytest.mark.parametrize("implicit", [False, True])
def test_server_whose_certificate_nobody_signed_gets_no_mail(smtp_server, implicit):
    server = smtp_server(starttls=not implicit, implicit=implicit)
    with pytest.raises(PaymentFault) as fault:
        send(open_mailer(url(server, "smtps" if implicit else "smtp", query="?tls=required"), is_loopback), mail())
    assert fault.value.word == "smtp_certificate_not_trusted"
    assert server.taken == []


@pytest.mark.parametrize(
    ("stage", "answer", "word", "permanent"),
    [
        ("rcpt", "550 5.1.1 dana@acme.example unknown", "smtp_550", True),
        ("rcpt", "451 4.7.1 greylisted", "smtp_451", False),
        ("data", "554 5.7.1 refused", "smtp_554", True),
        ("data", "452 4.3.1 full", "smtp_452", False),
        ("data", "421 4.3.2 closing", "smtp_421", False),
    ],
)
def test_answer_of_the_server_decides_whether_repeating_helps(smtp_server, stage, answer, word, permanent):
    server = smtp_server(answers={stage: answer})
    with pytest.raises(PaymentFault) as fault:
        send(open_mailer(url(server), is_loopback), mail())
    assert (fault.value.word, fault.value.permanent) == (word, permanent)
    assert "dana" not in str(fault.value)


def test_after_a_refusal_the_next_mail_goes_out_on_a_new_connection(smtp_server):
    server = smtp_server(answers={"rcpt": "550 no"}, refused_recipients=("gone@acme.example",))
    with open_mailer(url(server), is_loopback).open() as post:
        with pytest.raises(PaymentFault):
            post.send(mail("a", "gone@acme.example"))
        post.send(mail("b"))
    assert [taken["recipients"] for taken in server.taken] == [["dana@acme.example"]]


@pytest.mark.parametrize("wrong", ["gate:wrong@", "nobody:s3cret@"])
def test_wrong_password_is_the_operators_to_mend_and_never_gives_a_mail_up(smtp_server, trusted_authority, wrong):
    server = smtp_server(starttls=True, login=("gate", "s3cret"))
    with pytest.raises(PaymentFault) as fault:
        send(open_mailer(url(server, credentials=wrong, query="?tls=required"), is_loopback), mail())
    assert (fault.value.word, fault.value.permanent) == ("smtp_535", False)


def test_server_that_is_away_is_no_reason_to_give_up(unused_port):
    with pytest.raises(PaymentFault) as fault:
        send(SmtpMailer("127.0.0.1", unused_port, "none"), mail())
    assert (fault.value.word, fault.value.permanent) == ("smtp_ConnectionRefusedError", False)


def test_address_beyond_ascii_needs_a_server_that_can(smtp_server):
    able, unable = smtp_server(), smtp_server(utf8=False)
    send(open_mailer(url(able), is_loopback), mail("a", "jörg@acme.example"))
    assert able.taken[0]["recipients"] == ["jörg@acme.example"]
    with pytest.raises(PaymentFault) as fault:
        send(open_mailer(url(unable), is_loopback), mail("a", "jörg@acme.example"))
    assert fault.value.permanent


def test_check_tells_whether_mail_could_go_out_and_sends_none(smtp_server, unused_port, maildir):
    server = smtp_server()
    open_mailer(url(server), is_loopback).check()
    maildir.check()
    with pytest.raises(PaymentFault):
        SmtpMailer("127.0.0.1", unused_port, "none").check()
    assert server.taken == []
    assert MailFolder(maildir.folder).all() == []
