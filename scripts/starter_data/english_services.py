"""English frames: late transfers, refunds and the water depots."""

from __future__ import annotations

from starter_data.frames import FollowUp, IntentFrames

FRAMES: tuple[IntentFrames, ...] = (
    IntentFrames(
        label="transfer_late",
        train=(
            "I sent {amount} through {channel} but it has not arrived.",
            "My transfer of {amount} through {channel} is still missing.",
            "Where is my {amount}? I transferred it through {channel}.",
            "The {amount} I sent with {channel} did not reach my account.",
            "How long does a transfer of {amount} through {channel} take?",
            "I moved {amount} through {channel} this morning and the balance is the same.",
            "My son sent me {amount} with {channel}, why is it not here?",
            "Transfer through {channel} failed? I sent {amount} and nothing came.",
            "My balance was cut by {amount} through {channel} but nobody received it.",
            "Please check my transfer, {amount} through {channel}, not received yet.",
        ),
        test=(
            "{amount} left my account by {channel}, yet the other side sees nothing.",
            "Still waiting for {amount} that was sent using {channel}.",
            "Is it normal that {amount} by {channel} needs so long to come in?",
            "My money, {amount} in total, got stuck after I used {channel}.",
        ),
        bare=(
            "My transfer has not arrived.",
            "I sent money but it did not reach the other account.",
            "How long does a transfer take?",
            "My transfer is still pending.",
            "The money I sent got stuck somewhere.",
        ),
        switch=(
            "And {amount} that I sent through {channel}?",
            "What about another {amount} through {channel}?",
            "And for {amount} with {channel}, how long?",
            "Is {amount} by {channel} also still moving?",
        ),
        clauses=(
            "A transfer through {channel} can take {wait}. Your {amount} is safe and on its way.",
            "Sorry for the wait. Your {amount} is in process; through {channel} it can take "
            "{wait}.",
        ),
        tails=(
            "If it is not there after that, send us the receipt.",
            "After that time we return the money to you.",
            "You can follow it in the app.",
        ),
        follow_ups=(
            FollowUp(
                (
                    "I entered a wrong account number.",
                    "What if the number was wrong?",
                    "I think I typed the wrong number.",
                ),
                "The destination may have been mistyped.",
                "Then we stop the transfer and return the money within 3 working days.",
            ),
            FollowUp(
                (
                    "Can I cancel it?",
                    "Can you cancel the transfer?",
                    "I want to stop the transfer.",
                ),
                "Is it possible to call it back?",
                "A transfer can be cancelled in the app as long as the status is in process.",
            ),
        ),
    ),
    IntentFrames(
        label="refund",
        train=(
            "The {item} {defect}, I want a refund.",
            "My {item} {defect}. What can you do?",
            "I just opened the box and the {item} {defect}.",
            "The {item} from your shop {defect}, can I get my money back?",
            "I want to return the order because the {item} {defect}.",
            "How do I complain? The {item} {defect}.",
            "Very disappointed, the {item} {defect}.",
            "The {item} delivered today {defect}, please replace it.",
            "What if the {item} {defect}? Can I exchange it?",
            "Something is wrong with my order: the {item} {defect}.",
        ),
        test=(
            "I'm not happy with the {item}, it {defect}. How do you settle this?",
            "Unfortunately the {item} {defect}; what compensation do I get?",
            "Please make it right, my {item} {defect}.",
            "Look at this, the {item} {defect}! I expect a solution.",
        ),
        bare=(
            "I want to return a product.",
            "How do I get a refund from the shop?",
            "The product I received is not good.",
            "Can I exchange something I bought?",
            "I'm not satisfied with the goods, can I send them back?",
        ),
        switch=(
            "And the {item} {defect} too.",
            "My {item} also {defect}, same order.",
            "And what if the {item} {defect}?",
            "On top of that, the {item} {defect}.",
        ),
        clauses=(
            "We are sorry about your {item}. Send us a photo and {remedy}.",
            "Sorry about the {item}! After we see a photo, {remedy}.",
        ),
        tails=(
            "Please report it within 7 days.",
            "You do not need to return the pack first.",
            "Keep the box until we reply.",
        ),
        follow_ups=(
            FollowUp(
                (
                    "Where do I send the photo?",
                    "How do I send the photo?",
                    "Which address for the photo?",
                ),
                "To whom should the picture go?",
                "Send the photo in this chat or to toko@telagabiru.example with your order number.",
            ),
            FollowUp(
                (
                    "I want the money, not a new pack.",
                    "Can I choose cash back instead?",
                    "I prefer my money back.",
                ),
                "Would a payment be possible rather than goods?",
                "That is fine: the money goes to your savings account within 2 working days.",
            ),
        ),
    ),
    IntentFrames(
        label="water_refill",
        train=(
            "How much is a refill of a {container} at {branch}?",
            "What does it cost to fill a {container} at the {branch} depot?",
            "Can I refill a {container} at the {branch} depot?",
            "Is the water depot in {branch} open? I need to fill a {container}.",
            "I want to fill my {container} with water at {branch}, what's the price?",
            "Does the {branch} depot take a {container}?",
            "What is the water price for a {container} in {branch}?",
            "Can you bring refilled water, a {container}, near {branch}?",
            "Is the refill at {branch} clean, and how much for a {container}?",
            "I have an empty {container}, how much is drinking water at {branch}?",
        ),
        test=(
            "Topping up a {container} at the {branch} water point, what do I pay?",
            "My {container} is empty, would {branch} fill it and for how much?",
            "What are you asking for drinking water by the {container} in {branch}?",
            "Price check for {branch}: water, one {container}.",
        ),
        bare=(
            "How much is a water refill?",
            "Where is the nearest water depot?",
            "Is the water from the depot safe to drink?",
            "What time does the water depot open?",
            "Can I fill my own bottle with drinking water at your depot?",
        ),
        switch=(
            "And a {container} at {branch}?",
            "What about a {container} in {branch}?",
            "And to refill a {container} at {branch}?",
            "How much if it is a {container} from {branch}?",
        ),
        clauses=(
            "Filling a {container} at the {branch} depot costs {refill}.",
            "The {branch} depot fills a {container} for {refill}.",
        ),
        tails=(
            "The depots are open every day from 06:00 to 18:00.",
            "The container is rinsed for free.",
            "The water is tested every Monday.",
        ),
        follow_ups=(
            FollowUp(
                ("Is the water safe?", "Is it tested?", "Can children drink it?"),
                "Who checks the quality of it?",
                "Yes, the water is filtered four times and tested every Monday; results hang at "
                "the depot.",
            ),
            FollowUp(
                (
                    "The water tasted strange last time.",
                    "Last week the water smelled odd.",
                    "My last refill had a strange taste.",
                ),
                "The previous filling did not taste right.",
                "We are sorry. Bring it back and we refill it for free and check the filter today.",
            ),
        ),
    ),
)
