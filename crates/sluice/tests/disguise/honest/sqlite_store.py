import sqlite3

SCHEMA = "CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, title TEXT, body TEXT)"


class Notes:
    def __init__(self, path):
        self.db = sqlite3.connect(path)
        self.db.execute(SCHEMA)

    def add(self, title, body):
        cursor = self.db.execute("INSERT INTO notes (title, body) VALUES (?, ?)", (title, body))
        self.db.commit()
        return cursor.lastrowid

    def find(self, word):
        return self.db.execute("SELECT id, title FROM notes WHERE body LIKE ?", (f"%{word}%",)).fetchall()
