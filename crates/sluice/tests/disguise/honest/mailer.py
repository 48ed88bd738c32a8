import smtplib
from email.message import EmailMessage


def send(server, sender, receiver, subject, text):
    message = EmailMessage()
    message["From"] = sender
    message["To"] = receiver
    message["Subject"] = subject
    message.set_content(text)
    with smtplib.SMTP(server) as connection:
        connection.starttls()
        connection.send_message(message)
