"""The employees of the demonstration, who of them is a user of Asana, and who must be in the end."""

from __future__ import annotations

from dataclasses import dataclass

DOMAIN = "bau.example"


@dataclass(frozen=True)
class Person:
    name: str
    # The part before the domain; "" = nobody has entered an address.
    address: str
    status: str = "Active"
    is_user: bool = True
    # Leaves the company while the demonstration runs.
    leaves: bool = False

    @property
    def email(self) -> str:
        return f"{self.address}@{DOMAIN}" if self.address else ""

    @property
    def is_user_in_the_end(self) -> bool:
        if not self.address:
            return False
        return self.status == "Active" and not self.leaves or (self.status == "On Hold" and self.is_user)


PEOPLE = (
    Person("Anna Beispiel", "anna.beispiel"),
    Person("Bernd Muster", "bernd.muster"),
    Person("Çelik Probe", "celik.probe"),
    Person("Dörte Beispiel", "doerte.beispiel"),
    Person("Emil Muster", "emil.muster", is_user=False),
    Person("Frieda Probe", "frieda.probe", is_user=False),
    Person("Gero Beispiel", "gero.beispiel", status="Inactive"),
    Person("Hanna Muster", "hanna.muster", leaves=True),
    Person("Ivo Probe", "ivo.probe", status="On Hold"),
    Person("Jana Beispiel", "", is_user=False),
)
# A user whom Acumatica does not know; nobody removes her.
STRANGER = "werkstudentin@bau.example"
