"""English frames: the online shop: prices, delivery, late orders."""

from __future__ import annotations

from starter_data.frames import FollowUp, IntentFrames

FRAMES: tuple[IntentFrames, ...] = (
    IntentFrames(
        label="shop_price",
        train=(
            "How much are {quantity} of {item}?",
            "I want to buy {quantity} of {item}, is it in stock?",
            "Do you still have {quantity} of {item}?",
            "What is the price of {item}? I need {quantity}.",
            "Can I order {quantity} of {item} in the online shop?",
            "What does {item} cost if I take {quantity}?",
            "Is it possible to get {quantity} of {item} this week?",
            "I'd like to order {quantity} of {item} please.",
            "Is {item} available? I would take {quantity}.",
            "Please tell me the member price for {quantity} of {item}.",
        ),
        test=(
            "Thinking of getting {quantity} of {item} from the shop, what would you charge?",
            "Could the shop supply {quantity} of {item}, and for how much each?",
            "Any {item} left? Looking for {quantity}.",
            "What must I pay per pack when I buy {quantity} of {item}?",
        ),
        bare=(
            "What is on sale in the shop this week?",
            "How much is a pack of rice?",
            "Is coffee still in stock?",
            "Can I see the price list of the shop?",
            "What do the products in the shop cost?",
        ),
        switch=(
            "And {quantity} of {item}?",
            "What about {quantity} of {item}?",
            "And how much for {quantity} of {item}?",
            "Could you add {quantity} of {item}, at which price?",
        ),
        clauses=(
            "Yes, {quantity} of {item} are in stock; {item} costs {price} per pack.",
            "{item} costs {price} per pack, and {quantity} are available.",
        ),
        tails=(
            "You can order in the app or at the shop page.",
            "Members collect 1 point for each Rp 10,000.",
            "Orders before 14:00 are packed on the same day.",
        ),
        follow_ups=(
            FollowUp(
                ("How can I pay?", "Which payment do you take?", "Can I pay on delivery?"),
                "What payment methods exist in the shop?",
                "You can pay from your savings, with a QR code, or in cash on delivery.",
            ),
            FollowUp(
                ("Where does it come from?", "Is it from local farmers?", "Who makes it?"),
                "What is the origin of the goods?",
                "Our goods come from member farmers and are packed at the Muara Wening warehouse.",
            ),
        ),
    ),
    IntentFrames(
        label="delivery",
        train=(
            "How much is delivery of {item} to {branch}?",
            "Do you deliver {item} to {branch}?",
            "What is the delivery fee to {branch} for {item}?",
            "How many days does it take to send {item} to {branch}?",
            "I live in {branch}, can you bring {item} to my house?",
            "What does it cost to ship {item} to {branch}?",
            "If I order {item} today, when will it be delivered in {branch}?",
            "Is delivery to {branch} free? I want to order {item}.",
            "Can the courier take {item} to {branch}, and how long is it?",
            "Please tell me the shipping cost of {item}, address in {branch}.",
        ),
        test=(
            "Would your courier come to {branch} with some {item}, and what do you charge?",
            "Sending {item} over to {branch}: what price and how many days?",
            "How soon could {item} reach a house in {branch}?",
            "Is {branch} within your delivery area for {item}?",
        ),
        bare=(
            "How much is the delivery fee?",
            "Do you deliver to the villages?",
            "How long does delivery take?",
            "Is shipping free for members?",
            "Can the courier bring things to my home?",
        ),
        switch=(
            "And for {item} to {branch}?",
            "What about delivery of {item} to {branch}?",
            "And if you send {item} to {branch}?",
            "What would it be for {item} towards {branch}?",
        ),
        clauses=(
            "Delivery of {item} to {branch} costs {delivery_fee} and takes {delivery_days}.",
            "We deliver {item} to {branch} in {delivery_days}; the fee is {delivery_fee}.",
        ),
        tails=(
            "Orders above Rp 300,000 are delivered for free.",
            "The courier calls before coming.",
            "You can also collect the order at the branch for free.",
        ),
        follow_ups=(
            FollowUp(
                (
                    "What if nobody is at home?",
                    "And if I am not home?",
                    "Can the courier leave it with a neighbour?",
                ),
                "What happens when the house is empty?",
                "The courier tries twice; after that the order waits at the branch for 7 days.",
            ),
            FollowUp(
                (
                    "Do you deliver on Sunday?",
                    "Is there delivery at the weekend?",
                    "Can it come in the evening?",
                ),
                "Which days does the courier work?",
                "The courier works Monday to Saturday from 09:00 to 17:00.",
            ),
        ),
    ),
    IntentFrames(
        label="order_late",
        train=(
            "I ordered {item} on {day} and it still has not come.",
            "Where is my order of {item} from {day}?",
            "My {item} order of {day} is late.",
            "When will the {item} I ordered on {day} arrive?",
            "I have been waiting for my {item} since {day}.",
            "The {item} I bought on {day} should be here already, please check.",
            "Can you track my order? {item}, ordered on {day}.",
            "It says sent, but the {item} from {day} is not here yet.",
            "On {day} I paid for {item}, what is the status of the order?",
            "No news about my {item} order since {day}, what's happening?",
        ),
        test=(
            "Bought {item} from you on {day}, my parcel has yet to show up.",
            "Any update on the {item} package from {day}?",
            "Did you forget my {item}? The order was made on {day}.",
            "The parcel with {item} placed {day} seems lost.",
        ),
        bare=(
            "My order has not arrived yet.",
            "Where is my package?",
            "How can I track my order?",
            "My order is very late.",
            "Still no parcel from your shop.",
        ),
        switch=(
            "And the {item} I ordered on {day}?",
            "What about my {item} from {day}?",
            "I also ordered {item} on {day}, is that late too?",
            "Any news on the {item} of {day} as well?",
        ),
        clauses=(
            "Sorry for the delay. Your {item} from {day} is on the way and arrives by {late_day}.",
            "Your {item} order of {day} has left the warehouse and arrives by {late_day}.",
        ),
        tails=(
            "If it does not come, we send a new one for free.",
            "The courier will call you first.",
            "You can follow the order in the app.",
        ),
        follow_ups=(
            FollowUp(
                (
                    "Can I cancel the order?",
                    "I want to cancel it then.",
                    "Is it possible to cancel?",
                ),
                "May I withdraw from the purchase?",
                "An order on the way cannot be cancelled, but you can return it within 7 days.",
            ),
            FollowUp(
                ("Why is it late?", "What caused the delay?", "Why does it take so long?"),
                "What is the reason for waiting?",
                "Heavy rain slowed the courier this week, we are sorry for that.",
            ),
        ),
    ),
)
