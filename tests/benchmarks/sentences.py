"""Sentences of callers and agents that no training has seen, and what is and is not in them."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["SENTENCES", "Sentence"]


class Sentence(NamedTuple):
    """A text, one to four of its words as a scenario would expect them, and words near to them."""

    text: str
    phrase: str
    near_miss: str


SENTENCES = (
    Sentence("Yes.", "yes", "no"),
    Sentence("No, thank you.", "no thank you", "yes thank you"),
    Sentence("Yes, that is correct.", "that is correct", "that is not correct"),
    Sentence("No, I did not order that.", "I did not", "I did order"),
    Sentence("Yes please, go ahead.", "go ahead", "go back"),
    Sentence(
        "Thank you for calling the city library, how may I help you?", "city library", "city hall"
    ),
    Sentence("Hello, this is Sarah from customer support.", "customer support", "customer service"),
    Sentence("My name is Michael Johnson.", "Michael Johnson", "Michael Jackson"),
    Sentence(
        "Could you please spell your last name?", "spell your last name", "spell your first name"
    ),
    Sentence("I would like to speak with Doctor Anderson.", "Doctor Anderson", "Doctor Henderson"),
    Sentence("You can ask for Jennifer or Robert at the front desk.", "front desk", "help desk"),
    Sentence(
        "Please hold while I transfer you to the billing department.",
        "billing department",
        "sales department",
    ),
    Sentence("Your account number is seven three nine two zero one.", "739201", "739210"),
    Sentence("The total comes to twenty four dollars and ninety nine cents.", "$24.99", "$25.99"),
    Sentence("That will be one hundred and fifteen dollars.", "$115", "$150"),
    Sentence(
        "You owe three hundred and forty two dollars and ten cents.", "342 dollars", "324 dollars"
    ),
    Sentence("A deposit of two thousand five hundred dollars is required.", "$2,500", "$2,005"),
    Sentence("The discount is fifteen percent.", "15%", "50%"),
    Sentence(
        "Your appointment is on Tuesday, the ninth of April, at half past ten.",
        "ninth of April",
        "ninth of August",
    ),
    Sentence("We can offer Friday at two thirty in the afternoon.", "2:30", "3:30"),
    Sentence(
        "The package was delivered on September twenty first.", "September 21st", "December 21st"
    ),
    Sentence(
        "Your subscription ends on the thirty first of December.",
        "31st of December",
        "30th of December",
    ),
    Sentence(
        "I was born on the fourth of July, nineteen eighty six.", "4th of July", "5th of July"
    ),
    Sentence("Please call us back at five five five, zero one four two.", "555 0142", "555 0124"),
    Sentence("The confirmation code is six eight four one.", "6841", "6814"),
    Sentence(
        "Your order will arrive between eight and eleven in the morning.", "8 and 11", "8 and 12"
    ),
    Sentence(
        "The flight to Chicago leaves at six forty five from gate twelve.", "gate 12", "gate 20"
    ),
    Sentence("I need to change my delivery address.", "delivery address", "email address"),
    Sentence("The water heater in my apartment is broken again.", "water heater", "space heater"),
    Sentence("Can I get a refund for the second ticket?", "refund", "reward"),
    Sentence("I cannot log in to my account since yesterday.", "my account", "my address"),
    Sentence("Our office is open from nine to five on weekdays.", "nine to five", "nine to six"),
    Sentence("Is there anything else I can do for you today?", "anything else", "nothing else"),
    Sentence(
        "I am sorry to hear that, let me check your order.", "check your order", "cancel your order"
    ),
    Sentence("Please enter your password after the tone.", "password", "passport"),
    Sentence("The technician will come on Monday morning.", "Monday morning", "Sunday morning"),
    Sentence(
        "Your prescription is ready for pickup at the pharmacy.", "prescription", "subscription"
    ),
    Sentence(
        "I want to cancel my membership at the end of the month.",
        "cancel my membership",
        "cancel my subscription",
    ),
    Sentence("Would you like a window seat or an aisle seat?", "window seat", "middle seat"),
    Sentence(
        "The table for four is reserved under the name of Williams.",
        "table for four",
        "table for five",
    ),
    Sentence("We have two rooms available with a view of the lake.", "two rooms", "ten rooms"),
    Sentence(
        "Do you have any allergies or special requests?", "special requests", "special offers"
    ),
    Sentence("I lost my credit card at the train station.", "credit card", "debit card"),
    Sentence("Your balance is one thousand two hundred and six dollars.", "$1,206", "$1,260"),
    Sentence("The warranty covers parts and labor for three years.", "three years", "three days"),
    Sentence(
        "Please turn the router off, wait ten seconds and turn it on again.",
        "10 seconds",
        "10 minutes",
    ),
    Sentence("The red light should stop blinking after a minute.", "red light", "green light"),
    Sentence("I will send you an email with all the details.", "an email", "a letter"),
    Sentence("My daughter has a fever and a sore throat.", "fever", "favor"),
    Sentence("The doctor can see you this afternoon at four fifteen.", "4:15", "4:50"),
    Sentence(
        "Please bring your insurance card and a list of your medication.",
        "insurance card",
        "credit card",
    ),
    Sentence("How many people will be joining you for dinner?", "for dinner", "for lunch"),
    Sentence(
        "I would like a large pizza with mushrooms and extra cheese.", "large pizza", "small pizza"
    ),
    Sentence("That item is out of stock until next week.", "out of stock", "in stock"),
    Sentence(
        "The meeting has been moved to Wednesday at noon.", "Wednesday at noon", "Wednesday at nine"
    ),
    Sentence(
        "Your car is ready, and the repair took three hours.",
        "your car is ready",
        "your car is not ready",
    ),
    Sentence("I have been waiting for more than twenty minutes.", "20 minutes", "30 minutes"),
    Sentence("Let me repeat the number, eight eight one, four oh six.", "881406", "881460"),
    Sentence("Goodbye, and have a wonderful weekend.", "goodbye", "good morning"),
    Sentence("Nobody told me about the extra fee of nine dollars.", "extra fee", "entry fee"),
)
